const browsers: [string, RegExp][] = [
  ['Edge', /\bEdg(?:e|A|iOS)?\/(\d+)/],
  ['Opera', /\bOPR\/(\d+)/],
  ['Firefox', /\b(?:Firefox|FxiOS)\/(\d+)/],
  ['Chrome', /\b(?:Chrome|Chromium|CriOS|HeadlessChrome)\/(\d+)/],
  ['Safari', /\bVersion\/(\d+)[.\d]* .*Safari\//],
];

const systems: [string, RegExp][] = [
  ['Android', /\bAndroid\b/],
  ['iOS', /\b(?:iPhone|iPad|iPod)\b/],
  ['Windows', /\bWindows\b/],
  ['macOS', /\bMac OS X\b/],
  ['Linux', /\bLinux\b/],
];

/** What a browser says of itself, in words such as "Firefox 140 on Linux"; of others what they say. */
export function agentWords(agent: string): string {
  if (agent === '') return 'Unknown';
  for (const [name, by] of browsers) {
    const version = by.exec(agent)?.[1];
    if (version === undefined) continue;
    const system = systems.find(([, of]) => of.test(agent));
    return `${name} ${version}${system ? ` on ${system[0]}` : ''}`;
  }
  return agent;
}
