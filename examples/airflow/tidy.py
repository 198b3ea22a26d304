"""An Airflow DAG of one's own that also takes runs from Signalbox. Without Signalbox it does what it always did."""

from datetime import datetime

try:
    from airflow.sdk import dag, task
except ImportError:  # Airflow 2
    from airflow.decorators import dag, task

import signalbox
import signalbox.airflow


@dag(schedule=None, start_date=datetime(2024, 1, 1), catchup=False, params={"images": 3})
def tidy():
    """Tidy some images up."""

    @task
    @signalbox.airflow.task
    def clean(params=None):
        images = params["images"]
        for i in range(images):
            if signalbox.stopped():
                break
            signalbox.progress(i / images, f"image {i + 1}")
            print(f"image {i + 1} is clean")
        return {"images": images}

    clean()


tidy()
