import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Run, World } from './world.ts';

/** An Airflow in which tasks sleep until they are told otherwise, registered as an orchestrator. */
export interface Airflow {
  url: string;
  id: string; // of the orchestrator
  /** Tells it what happens there: `finish`, or `delete DAG RUN`. */
  say(what: string): void;
  /** Calls the API as the task of a run. */
  task(run: Run): Promise<(verb: string, body: object) => Promise<unknown>>;
  end(): Promise<void>;
}

const sleeps = 'sb_sleep';

/** Starts the stand-in that tests in Go use, and registers it. It takes one operator, so that no other test comes there. */
export async function beginAirflow(world: World, name: string, config: object = {}): Promise<Airflow> {
  const server = spawn('go', ['run', '-buildvcs=false', './e2e/stand', 'airflow'], {
    cwd: new URL('../..', import.meta.url).pathname,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [url] = (await once(createInterface(server.stdout), 'line')) as [string];
  const { id } = await world.call<{ id: string }>('POST', '/orchestrators', {
    name,
    kind: 'airflow',
    config: { url, username: 'admin', poll_seconds: 1, ...config },
    secrets: { password: 'admin' },
    routes: [{ operators: ['@signalbox/dummy/hang'], target: { dag_id: sleeps } }],
  });
  const { key } = await world.call<{ key: string }>('POST', `/orchestrators/${id}/keys`, { name: 'tasks' });
  const task = async (run: Run) => {
    const claim = { run_id: run.id, attempt: 1, nonce: 'a browser test' };
    const { token } = (await tell(world, 'claim', key, claim)) as { token: string };
    return (verb: string, body: object) => tell(world, `${run.id}/${verb}`, token, body);
  };
  const end = async () => {
    if (server.exitCode !== null) return;
    server.stdin.end();
    await once(server, 'exit');
  };
  return { url, id, say: (what) => server.stdin.write(`${what}\n`), task, end };
}

async function tell(world: World, path: string, key: string, body: object): Promise<unknown> {
  const answer = await fetch(`${world.url}/api/v1/work/${path}`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
  return text === '' ? undefined : (JSON.parse(text) as unknown);
}
