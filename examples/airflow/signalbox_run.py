"""A ready Airflow DAG: it runs the command of any operator that Signalbox sends here.

Copy it into the DAGs folder, install the Python package ``signalbox`` for the workers, and make the Connection
``signalbox`` with the control plane's address as host and the orchestrator's key as password.
"""

import signalbox.airflow

dag = signalbox.airflow.dag("signalbox_run")
