/**
 * The media type that the first bytes of a body look like, by the marks that formats begin with (WHATWG MIME Sniffing,
 * section 6, and the formats' own documents). JSON, plain text and forms have no mark.
 */

interface Mark {
  readonly at: number;
  readonly bytes: string;
  readonly type: string;
}

const mark = (type: string, bytes: string, at = 0): Mark => ({ at, bytes, type });

/** The first that fits counts: longer marks stand before shorter ones. */
const marks: readonly Mark[] = [
  mark('image/png', '\x89PNG\r\n\x1a\n'),
  mark('image/jpeg', '\xff\xd8\xff'),
  mark('image/gif', 'GIF87a'),
  mark('image/gif', 'GIF89a'),
  mark('image/bmp', 'BM'),
  mark('image/tiff', 'II*\0'),
  mark('image/tiff', 'MM\0*'),
  mark('image/x-icon', '\0\0\x01\0'),
  mark('image/vnd.adobe.photoshop', '8BPS'),
  mark('image/jxl', '\0\0\0\x0cJXL \r\n\x87\n'),
  mark('image/avif', 'ftypavif', 4),
  mark('image/heic', 'ftypheic', 4),
  mark('image/heic', 'ftypheix', 4),
  mark('image/heif', 'ftypmif1', 4),
  mark('video/quicktime', 'ftypqt  ', 4),
  mark('audio/mp4', 'ftypM4A ', 4),
  mark('video/3gpp', 'ftyp3gp', 4),
  mark('video/mp4', 'ftyp', 4),
  mark('video/x-matroska', '\x1aE\xdf\xa3'),
  mark('video/x-flv', 'FLV\x01'),
  mark('video/mpeg', '\0\0\x01\xba'),
  mark('audio/mpeg', 'ID3'),
  mark('audio/mpeg', '\xff\xfb'),
  mark('audio/flac', 'fLaC'),
  mark('audio/midi', 'MThd'),
  mark('application/ogg', 'OggS\0'),
  mark('application/pdf', '%PDF-'),
  mark('application/postscript', '%!PS-Adobe-'),
  mark('application/rtf', '{\\rtf'),
  mark('application/zip', 'PK\x03\x04'),
  mark('application/zip', 'PK\x05\x06'),
  mark('application/gzip', '\x1f\x8b\x08'),
  mark('application/x-bzip2', 'BZh'),
  mark('application/x-xz', '\xfd7zXZ\0'),
  mark('application/x-7z-compressed', "7z\xbc\xaf'\x1c"),
  mark('application/vnd.rar', 'Rar!\x1a\x07'),
  mark('application/zstd', '(\xb5/\xfd'),
  mark('application/x-tar', 'ustar', 257),
  mark('application/x-executable', '\x7fELF'),
  mark('application/vnd.microsoft.portable-executable', 'MZ'),
  mark('application/java-vm', '\xca\xfe\xba\xbe'),
  mark('application/wasm', '\0asm'),
  mark('application/vnd.sqlite3', 'SQLite format 3\0'),
  mark('application/x-ole-storage', '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1'),
  mark('font/woff', 'wOFF'),
  mark('font/woff2', 'wOF2'),
  mark('font/otf', 'OTTO'),
  mark('font/ttf', '\0\x01\0\0\0'),
  mark('text/x-shellscript', '#!'),
];

/** Within RIFF the format stands behind the length. */
const riffTypes: ReadonlyMap<string, string> = new Map([
  ['WEBP', 'image/webp'],
  ['WAVE', 'audio/wav'],
  ['AVI ', 'video/x-msvideo'],
]);

/** As many bytes as the marks ask for, and blanks before those of markup. */
export const markBytes = 512;

/** `head` are the first `markBytes` bytes of the body, or all there are; "" where they look like nothing known. */
export const sniffMime = (head: string): string => {
  if (head.startsWith('RIFF')) return riffTypes.get(head.slice(8, 12)) ?? '';
  return marks.find(({ at, bytes }) => head.startsWith(bytes, at))?.type ?? sniffMarkup(head);
};

const html = /^<(?:!doctype html|html|head|body|script|iframe)(?=[\s>/])/i;

const sniffMarkup = (head: string): string => {
  const text = (head.startsWith('\xef\xbb\xbf') ? head.slice(3) : head).trimStart();
  if (text.startsWith('<?xml')) return 'text/xml';
  if (/^<svg[\s>]/i.test(text)) return 'image/svg+xml';
  return html.test(text) ? 'text/html' : '';
};
