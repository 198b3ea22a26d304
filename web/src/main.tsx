import './theme/styles.ts';
import { MantineProvider } from '@mantine/core';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { setNonce } from 'get-nonce';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { router } from '@/router.ts';
import { firstContent } from '@/first.ts';
import { queryClient } from '@/services/cache.ts';
import { miss } from '@/services/pieces.ts';
import { cssVariables, theme } from '@/theme/theme.ts';

// The server's policy takes no style sheet of a script that lacks this. Script files need none: with one that changes from
// answer to answer, browsers would compile them anew each time.
const nonce = document.querySelector<HTMLMetaElement>('meta[name="style-nonce"]')?.nonce ?? '';
setNonce(nonce);

window.addEventListener('vite:preloadError', (event) => miss(event.payload));

const root = document.getElementById('root');
if (!root) throw new Error('the page has no place for the application');

const app = (
  <StrictMode>
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      defaultColorScheme="auto"
      getStyleNonce={() => nonce}
    >
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>
);

// Not awaited here: the code of a page needs this module, and would wait for its end.
void firstContent(500).then(() => createRoot(root).render(app));
