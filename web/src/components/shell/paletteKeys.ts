const mac = /Mac|iPhone|iPad/.test(navigator.userAgent);

/** The keys that open the palette, as they are called here. */
export const paletteKeys = mac ? '⌘K' : 'Ctrl K';
