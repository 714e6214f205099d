/** RFC 3339 times to milliseconds, without the guesses of Date.parse and at a fraction of its cost. */

const zero = 0x30;

/** Milliseconds since the epoch, finer digits cut off, or NaN where the text is no RFC 3339 time (section 5.6). */
export const parseRfc3339 = (text: string): number => {
  const isFramed = text[4] === '-' && text[7] === '-' && text[13] === ':' && text[16] === ':';
  if (!isFramed || !isSeparator(text.charCodeAt(10))) return Number.NaN;
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 2);
  const day = digits(text, 8, 2);
  if (!(month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month))) return Number.NaN;
  const hour = digits(text, 11, 2);
  const minute = digits(text, 14, 2);
  const second = digits(text, 17, 2);
  // 60 is a leap second: it counts as the first of the next minute.
  if (!(hour <= 23 && minute <= 59 && second <= 60)) return Number.NaN;
  const at = ((daysSinceEpoch(year, month, day) * 24 + hour) * 60 + minute) * 60_000 + second * 1000;
  return withFractionAndZone(text, at);
};

const isSeparator = (code: number): boolean => code === 0x54 || code === 0x74 || code === 0x20;

const withFractionAndZone = (text: string, at: number): number => {
  let i = 19;
  let fraction = 0;
  if (text[i] === '.') {
    const from = ++i;
    for (; isDigit(text.charCodeAt(i)); i++)
      if (i - from < 3) fraction += (text.charCodeAt(i) - zero) * 10 ** (2 - (i - from));
    if (i === from) return Number.NaN;
  }
  return at + fraction - offsetMs(text, i);
};

const offsetMs = (text: string, i: number): number => {
  const sign = text[i];
  if (sign === 'Z' || sign === 'z') return i + 1 === text.length ? 0 : Number.NaN;
  if ((sign !== '+' && sign !== '-') || text[i + 3] !== ':' || i + 6 !== text.length) return Number.NaN;
  const hours = digits(text, i + 1, 2);
  const minutes = digits(text, i + 4, 2);
  if (!(hours <= 23 && minutes <= 59)) return Number.NaN;
  return (sign === '-' ? -1 : 1) * (hours * 60 + minutes) * 60_000;
};

const isDigit = (code: number): boolean => code >= zero && code <= 0x39;

const digits = (text: string, from: number, count: number): number => {
  let value = 0;
  for (let i = from; i < from + count; i++) {
    const code = text.charCodeAt(i);
    if (!isDigit(code)) return Number.NaN;
    value = value * 10 + code - zero;
  }
  return value;
};

const monthDays = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const isLeap = (year: number): boolean => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
const daysIn = (year: number, month: number): number =>
  month === 2 && isLeap(year) ? 29 : (monthDays[month - 1] ?? 0);

// Years begin in March, so that the leap day is the last of its year; 719,468 days lie between 0000-03-01 and 1970-01-01.
const daysSinceEpoch = (year: number, month: number, day: number): number => {
  const y = month <= 2 ? year - 1 : year;
  const m = month <= 2 ? month + 9 : month - 3;
  const leaps = Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400);
  return 365 * y + leaps + Math.floor((153 * m + 2) / 5) + day - 1 - 719_468;
};
