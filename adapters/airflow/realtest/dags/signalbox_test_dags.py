"""The DAGs that tests run: for airflow 2 and 3 alike. Package airflowtest says what each does."""

import time
from datetime import datetime

try:
    from airflow.sdk import DAG, Param
    from airflow.providers.standard.operators.python import PythonOperator
except ImportError:
    from airflow import DAG
    from airflow.models.param import Param
    from airflow.operators.python import PythonOperator


def dag(name, **more):
    return DAG(name, schedule=None, start_date=datetime(2024, 1, 1), catchup=False, **more)


def echo(**_):
    print("line 0 of echo")
    return {"n": 1, "who": "it's me", "none": None, "yes": True}


def boom(**_):
    print("line 0 of boom")
    raise ValueError("deliberate failure")


def talk(**_):
    for n in range(20_000):
        print(f"line {n} of talk")


def one(n, **_):
    print("line 0 of m")
    return n


def sleep(**_):
    for n in range(600):
        print(f"line {n} of sleep", flush=True)
        time.sleep(0.5)


def after(**_):
    print("line 0 of after")


with dag("sb_ok"):
    PythonOperator(task_id="echo", python_callable=echo)

with dag("sb_fail"):
    PythonOperator(task_id="boom", python_callable=boom)

with dag("sb_big_log"):
    PythonOperator(task_id="talk", python_callable=talk)

with dag("sb_mapped"):
    PythonOperator.partial(task_id="m", python_callable=one).expand(op_kwargs=[{"n": 1}, {"n": 2}, {"n": 3}])

with dag("sb_paused", is_paused_upon_creation=True):
    PythonOperator(task_id="sleep", python_callable=sleep)

with dag("sb_limited", max_active_runs=1):
    PythonOperator(task_id="sleep", python_callable=sleep)

with dag("sb_sleep"):
    PythonOperator(task_id="sleep", python_callable=sleep)

with dag("sb_chain"):
    PythonOperator(task_id="sleep", python_callable=sleep) >> PythonOperator(task_id="after", python_callable=after)

with dag(
    "sb_params",
    params={
        "env": Param("dev", type="string", enum=["dev", "prod"]),
        "count": Param(1, type="integer", minimum=1, maximum=10),
        "must": Param(None, type=["string"]),
    },
):
    PythonOperator(task_id="echo", python_callable=echo)
