import createClient, { type Middleware } from 'openapi-fetch';
import { enter } from '@/services/login.ts';
import type { components, paths } from '@/services/schema.gen.ts';

export type Schemas = components['schemas'];
export type Fault = Schemas['Fault'];

/** An answer that is an error (RFC 9457), or the lack of any answer. Its message is made for people. */
export class Problem extends Error {
  readonly status: number;
  readonly code: Schemas['Problem']['code'] | 'unreachable';
  readonly faults: Fault[];
  readonly request: string;

  constructor(status: number, code: Problem['code'], message: string, request = '', faults: Fault[] = []) {
    super(sentence(message));
    this.status = status;
    this.code = code;
    this.request = request;
    this.faults = faults;
  }
}

/** Begins with a capital letter and ends with a full stop. */
export function sentence(text: string): string {
  if (text === '') return text;
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(begun) ? begun : `${begun}.`;
}

/** Who is not logged in any more goes to log in, and comes back to where he is. */
const loggedIn: Middleware = {
  onResponse({ response }) {
    if (response.status === 401) enter();
  },
  onError({ error }) {
    if (error instanceof DOMException && error.name === 'AbortError') return error;
    return new Problem(0, 'unreachable', 'The server cannot be reached');
  },
};

/** The API, typed by docs/openapi.yaml. */
export const api = createClient<paths>({ baseUrl: '/', querySerializer: { array: { style: 'form', explode: true } } });
api.use(loggedIn);

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** Gives what a call answered, or throws its Problem. */
export async function answerOf<T>(call: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await call;
  if (response.ok) return data as T;
  const body = (typeof error === 'object' && error !== null ? error : {}) as Partial<Schemas['Problem']>;
  const request = response.headers.get('X-Request-Id') ?? '';
  throw new Problem(
    response.status,
    body.code ?? 'internal',
    body.detail ?? response.statusText,
    request,
    body.errors ?? [],
  );
}

/** Tells whether an error is a Problem of one of these codes. */
export function isProblem(error: unknown, ...codes: Problem['code'][]): error is Problem {
  return error instanceof Problem && (codes.length === 0 || codes.includes(error.code));
}
