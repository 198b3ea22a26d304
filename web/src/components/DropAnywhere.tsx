import { Text } from '@mantine/core';
import { useWindowEvent } from '@mantine/hooks';
import { useState } from 'react';
import { type Accept, useDropzone } from 'react-dropzone';
import classes from './DropAnywhere.module.css';

interface Props {
  accept: Accept;
  says: string; // while a file is over the page
  take: (file: File) => void;
  refuse: () => void; // it is more than one file, or of another kind
}

/** Takes a file that is dropped anywhere on the page. */
export function DropAnywhere({ accept, says, take, refuse }: Props) {
  const [over, setOver] = useState(false);
  useWindowEvent('dragenter', (e) => {
    if (e.dataTransfer?.types.includes('Files')) setOver(true);
  });
  const { getRootProps } = useDropzone({
    accept,
    multiple: false,
    noClick: true,
    noKeyboard: true,
    onDragLeave: () => setOver(false),
    onDrop: ([file]) => {
      setOver(false);
      if (file) take(file);
      else refuse();
    },
  });
  return (
    <div {...getRootProps({ className: classes.over ?? '', role: undefined, tabIndex: undefined })} hidden={!over}>
      <Text size="lg">{says}</Text>
    </div>
  );
}
