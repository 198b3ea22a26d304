import { Button, FileButton, Text } from '@mantine/core';
import { Dropzone } from '@mantine/dropzone';
import { IconUpload } from '@tabler/icons-react';
import { useState } from 'react';
import { tellTrouble } from '@/components/told.tsx';
import { Preview } from '@/components/plugins/Preview.tsx';

const kinds = ['application/zip', 'application/x-zip-compressed', '.zip'];

/** Installs a ZIP that is chosen, or dropped anywhere on the page; first it shows what that would change. */
export function Install() {
  const [archive, setArchive] = useState<File | null>(null);
  return (
    <>
      <FileButton accept=".zip,application/zip" onChange={setArchive}>
        {(props) => (
          <Button {...props} leftSection={<IconUpload size={16} aria-hidden />}>
            Install plugin
          </Button>
        )}
      </FileButton>
      <Dropzone.FullScreen
        withinPortal={false}
        accept={kinds}
        multiple={false}
        onDrop={([file]) => setArchive(file ?? null)}
        onReject={() => tellTrouble('Nothing was installed', new Error('A plugin is one file, a ZIP.'))}
      >
        <Text ta="center" size="lg" mt="20vh">
          Drop the ZIP of a plugin to see what it would change
        </Text>
      </Dropzone.FullScreen>
      {archive && <Preview key={archive.lastModified} archive={archive} close={() => setArchive(null)} />}
    </>
  );
}
