import { router } from '@/router.ts';
import { queryClient } from '@/services/cache.ts';

/**
 * Waits until the code of the first page and what it reads are there, at most so many milliseconds. Shown in one go, a
 * page is there earlier than a frame that is filled later: React keeps what stands in for content for a while (300 ms), so
 * that nothing flickers.
 */
export async function firstContent(most: number) {
  const enough = new Promise((resolve) => setTimeout(resolve, most));
  await Promise.race([router.load().then(read), enough]);
}

/** Waits until nothing is being read. */
async function read() {
  await new Promise<void>((resolve) => {
    if (queryClient.isFetching() === 0) {
      resolve();
      return;
    }
    const end = queryClient.getQueryCache().subscribe(() => {
      if (queryClient.isFetching() > 0) return;
      end();
      resolve();
    });
  });
}
