import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { Plugin } from 'vite';

/** Lays a packed twin beside each built file that packs well, so that the server never packs while somebody waits. */
export function packed(): Plugin {
  return {
    name: 'packed',
    apply: 'build',
    async writeBundle(options, bundle) {
      const names = Object.keys(bundle).filter((name) => /^assets\/.*\.(js|css|svg)$/.test(name));
      await Promise.all(names.map((name) => pack(join(options.dir ?? 'dist', name))));
    },
  };
}

const brotli = promisify(brotliCompress);
const zip = promisify(gzip);

async function pack(path: string) {
  const body = await readFile(path);
  if (body.length < 1024) return;
  // The last percents of what is very large, such as the plots, would take most of the build.
  const level = body.length > 1 << 20 ? 9 : 11;
  const quality = { [constants.BROTLI_PARAM_QUALITY]: level, [constants.BROTLI_PARAM_SIZE_HINT]: body.length };
  await writeFile(`${path}.br`, await brotli(body, { params: quality }));
  await writeFile(`${path}.gz`, await zip(body, { level: 9 }));
}
