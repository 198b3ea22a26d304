declare module 'plotly.js-strict-dist-min' {
  interface Plotly {
    react(at: HTMLElement, data: unknown[], layout: object, config: object): Promise<unknown>;
    purge(at: HTMLElement): void;
  }
  const plotly: Plotly;
  export default plotly;
}
