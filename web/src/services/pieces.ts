import { api } from '@/services/api.ts';

/**
 * The pages come in pieces, each loaded when it is first needed. One does not come while the server is away, nor after an
 * upgrade has put others in its place; then the whole page must be loaded again.
 */
const name = 'MissingPiece';

/** Marks an error as that of a piece which did not come. Words that the router knew would make it load the page at once. */
export function miss(error: Error) {
  error.name = name;
  error.message = 'A part of the pages could not be loaded: the server cannot be reached, or was upgraded meanwhile.';
}

/** Tells whether a piece did not come. */
export function isMissing(error: unknown): error is Error {
  return error instanceof Error && error.name === name;
}

/** How it stands with what is missing: nobody answers, or the page was loaded again and it still is. */
export type Missing = 'away' | 'gone';

const key = 'signalbox-loaded-again';
const pause = 60_000; // between two times that the same page is loaded again by itself, in milliseconds

/** Loads the page again if the server answers, unless that was done just now. */
export async function loadAgain(): Promise<Missing | undefined> {
  if (!(await answers())) return 'away';
  const [at, where] = (sessionStorage.getItem(key) ?? '').split(' ');
  if (where === location.href && Date.now() - Number(at) < pause) return 'gone';
  sessionStorage.setItem(key, `${Date.now()} ${location.href}`);
  location.reload();
  return undefined;
}

async function answers(): Promise<boolean> {
  try {
    await api.GET('/api/v1/me');
    return true;
  } catch {
    return false;
  }
}
