import { useSyncExternalStore } from 'react';

/** What the server's event stream tells: something of this kind, with this id, has changed. */
export interface Change {
  kind: string;
  id: string;
}

/** How the stream stands: open, being opened (again), or closed for good because the login has ended. */
export type StreamState = 'open' | 'opening' | 'closed';

type Word = { state: StreamState } | { change: Change } | { ask: true };

const name = 'signalbox-events';

/**
 * The one event stream of this browser. Its tabs share it, since a browser opens only six connections to a server
 * that speaks HTTP/1.1: whoever holds the lock reads the stream and tells the others. When his tab ends, the lock
 * goes to the next. Where pages get no locks (plain HTTP beyond this machine), each tab has a stream of its own.
 */
class Stream {
  private state: StreamState = 'opening';
  private readonly channel = new BroadcastChannel(name);
  private readonly hearers = new Set<(changes: Change[]) => void>();
  private readonly watchers = new Set<() => void>();
  private gathered: Change[] = [];
  private source: EventSource | undefined;
  private begun = false;

  /** Opens the stream, or joins that of another tab. */
  begin() {
    if (this.begun) return;
    this.begun = true;
    this.channel.onmessage = (e: MessageEvent<Word>) => this.hear(e.data);
    const locks = (navigator as { locks?: LockManager }).locks;
    if (!locks) {
      this.read();
      return;
    }
    this.channel.postMessage({ ask: true } satisfies Word);
    void locks.request(name, () => {
      this.read();
      return new Promise<never>(() => undefined); // held until the tab ends
    });
  }

  /** Calls back with what has changed, gathered over a moment. An empty list: anything may have. */
  listen(hearer: (changes: Change[]) => void): () => void {
    this.hearers.add(hearer);
    return () => this.hearers.delete(hearer);
  }

  readonly watch = (watcher: () => void) => {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  };

  readonly current = () => this.state;

  private read() {
    const source = new EventSource('/api/v1/events');
    this.source = source;
    source.onopen = () => this.tell({ state: 'open' });
    source.onmessage = (e: MessageEvent<string>) => this.tell({ change: JSON.parse(e.data) as Change });
    source.onerror = () => {
      if (source.readyState !== EventSource.CLOSED) {
        this.tell({ state: 'opening' });
        return;
      }
      // The server said no: the browser does not try again by itself.
      this.tell({ state: 'closed' });
      setTimeout(() => this.read(), 15_000);
    };
  }

  private tell(word: Word) {
    this.hear(word);
    this.channel.postMessage(word);
  }

  private hear(word: Word) {
    if ('ask' in word) {
      if (this.source) this.channel.postMessage({ state: this.state } satisfies Word);
    } else if ('change' in word) {
      this.gather(word.change);
    } else if (word.state !== this.state) {
      this.state = word.state;
      for (const watcher of this.watchers) watcher();
      // Nothing tells what was missed meanwhile.
      if (word.state === 'open') for (const hearer of this.hearers) hearer([]);
    }
  }

  private gather(change: Change) {
    if (this.gathered.length === 0) setTimeout(() => this.pass(), 200);
    this.gathered.push(change);
  }

  private pass() {
    const changes = this.gathered;
    this.gathered = [];
    for (const hearer of this.hearers) hearer(changes);
  }
}

export const stream = new Stream();

/** How the stream stands. */
export function useStreamState(): StreamState {
  return useSyncExternalStore(stream.watch, stream.current);
}
