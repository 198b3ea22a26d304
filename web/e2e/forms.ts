import type { World } from './world.ts';

/** What a form is asked with. */
export interface Question {
  operator: string;
  params: Record<string, unknown>;
}

/** What else a question of a resolver has. */
interface Asked {
  id: string;
  tell_environment?: boolean;
  plugin: { name: string };
}

const manifest = {
  name: '@tests/forms',
  version: '1.0.0',
  operators: ['wide', 'report', 'dream', 'silent', 'admins'],
  signalbox: {
    operators: {
      wide: {
        label: 'Compute embeddings',
        command: ['python3', 'report.py'],
        inputs: {
          type: 'object',
          required: ['model', 'batch'],
          additionalProperties: false,
          properties: {
            model: { title: 'Model', description: 'What computes them.', enum: ['clip', 'dino', 'resnet'] },
            batch: { type: 'integer', title: 'Batch size', minimum: 1, maximum: 512, default: 32 },
            normalise: { type: 'boolean', title: 'Normalise', default: true },
            tags: { type: 'array', title: 'Tags', items: { type: 'string' } },
            patches: {
              type: 'object',
              title: 'Patches',
              properties: {
                field: { type: 'string', title: 'Label field' },
                margin: { type: 'number', title: 'Margin', minimum: 0 },
              },
            },
            notes: { title: 'Notes', description: 'Any JSON.' },
          },
        },
        outputs: {
          type: 'object',
          properties: {
            summary: { title: 'Summary', type: 'string', contentMediaType: 'text/markdown' },
            chart: { title: 'Chart', contentMediaType: 'application/vnd.plotly.v1+json' },
            scores: { title: 'Scores', type: 'array', items: { properties: { label: { title: 'Label' } } } },
            picture: { title: 'Picture', type: 'string', contentMediaType: 'image/png' },
          },
        },
      },
      report: { label: 'Report', command: ['python3', 'report.py'] },
      admins: { label: 'Only for admins', command: ['python3', 'report.py'] },
    },
  },
};

const dot = 'iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAYAAACNMs+9AAAAFUlEQVR42mP8z8BQz0AEYBxVSF+FABJADveWkH6oAAAAAElFTkSuQmCC';

// It results in what its params say, or in something of each kind.
const program = `
from signalbox import work

params = work.context().params
made = {
    "summary": "## Done\\n\\n**3** of 4 images, see [the paper](https://example.org/paper) or [here](javascript:alert(1)).",
    "chart": {"data": [{"type": "bar", "x": ["cat", "dog"], "y": [3, 1]}], "layout": {"title": {"text": "Labels"}}},
    "scores": [{"label": "cat", "score": 0.75}, {"label": "dog", "score": 0.5}],
    "picture": "${dot}",
}
work.result(params.get("result", made), params.get("schema"))
`;

/** Installs operators with forms and results of many kinds. */
export async function installForms(world: World) {
  await world.install({ 'fiftyone.yml': JSON.stringify(manifest), 'report.py': program });
  await world.call('PATCH', `/plugins/${encodeURIComponent('@tests/forms')}/operators/admins`, {
    minimum_role: 'admin',
  });
}

/**
 * Answers for the operators of the plugin that run in FiftyOne, as a worker with a FiftyOne does, until it is ended. Of
 * undefined there is no answer.
 */
export async function answering(
  world: World,
  answer: (asked: Question) => object | undefined,
): Promise<() => Promise<void>> {
  const end = new AbortController();
  const ask = await resolver(world, end.signal);
  const work = async () => {
    let made: object | undefined;
    while (!end.signal.aborted) {
      const question = await ask({ pool: 'default', ...(made ? { answer: made } : {}) });
      const form = question && answer(question);
      made = form && { id: question.id, ...form };
    }
  };
  const working = work().catch(() => undefined); // it was ended
  return async () => {
    end.abort();
    await working;
  };
}

/**
 * Tells what its FiftyOne makes of a plugin, as a worker with a FiftyOne does that waits for questions, and waits for the
 * next until it is ended.
 */
export async function meeting(world: World, plugin: string, environment: object): Promise<() => void> {
  const end = new AbortController();
  const ask = await resolver(world, end.signal, 'tests/resolver');
  for (;;) {
    const question = await ask({ pool: 'default', worker: 'tests/resolver' });
    if (!question?.tell_environment || question.plugin.name !== plugin) continue; // others go unanswered
    ask({ pool: 'default', worker: 'tests/resolver', answer: { id: question.id, environment } }).catch(() => undefined);
    return () => end.abort();
  }
}

/** Waits for questions with a key of its own, and brings answers. */
async function resolver(world: World, signal: AbortSignal, worker = '') {
  const { key } = await world.call<{ key: string }>('POST', '/orchestrators/builtin/keys', { name: 'resolver' });
  const post = (path: string, body: object) =>
    fetch(`${world.url}/api/v1/work/${path}`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
      signal,
    });
  if (worker) {
    await post('workers', { name: worker, incarnation: '1', version: 'tests', pool: 'default', concurrency: 0 });
  }
  return async (body: object) => {
    const said = await post('forms', body);
    return said.status === 200 ? ((await said.json()) as Question & Asked) : undefined;
  };
}

const property = (type: object, view: object, more: object = {}) => ({
  type,
  view: { name: 'View', ...view },
  required: false,
  default: null,
  ...more,
});

/** A form as FiftyOne describes it: with "patches" there is another field, and another notice. */
export function dream({ params }: Question): object {
  const fields: Record<string, object> = {
    about: property({ name: 'Void' }, { name: 'Notice', label: 'Dreams', description: 'They take a while.' }),
    what: property(
      { name: 'Enum', values: ['samples', 'patches'] },
      {
        name: 'RadioGroup',
        label: 'Of what',
        choices: [
          { value: 'samples', label: 'Samples' },
          { value: 'patches', label: 'Patches', description: 'One for each object.' },
        ],
      },
      { required: true, default: 'samples' },
    ),
    name: property({ name: 'String' }, { name: 'TextFieldView', label: 'Name' }, { required: true }),
  };
  if (params.what === 'patches') {
    fields.field = property({ name: 'String' }, { name: 'FieldView', label: 'Label field' }, { required: true });
  }
  const errors = params.name === 'bad' ? [{ path: 'name', message: 'Bad names bring bad dreams' }] : [];
  return {
    dynamic: true,
    inputs: { type: { name: 'Object', properties: fields }, view: null },
    schema: { type: 'object', properties: {} },
    errors,
  };
}
