const letters = new Intl.Segmenter();

/** As readers count them: an accented letter, a flag or a family is one. */
export const lettersOf = (text: string): string[] => Array.from(letters.segment(text), ({ segment }) => segment);
