import { Button, FileButton } from '@mantine/core';
import { IconUpload } from '@tabler/icons-react';
import { useState } from 'react';
import { DropAnywhere } from '@/components/DropAnywhere.tsx';
import { tellTrouble } from '@/components/told.tsx';
import { Preview } from '@/components/plugins/Preview.tsx';

const zip = { 'application/zip': ['.zip'], 'application/x-zip-compressed': ['.zip'] };

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
      <DropAnywhere
        accept={zip}
        says="Drop the ZIP of a plugin to see what it would change"
        take={setArchive}
        refuse={() => tellTrouble('Nothing was installed', new Error('A plugin is one file, a ZIP.'))}
      />
      {archive && <Preview key={archive.lastModified} archive={archive} close={() => setArchive(null)} />}
    </>
  );
}
