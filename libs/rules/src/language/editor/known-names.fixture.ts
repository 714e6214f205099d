/** Operations and lists an editor may know of, for the tests of what it offers and shows. */
import { parseList } from '../list-items.ts';

export const operations = [
  { shortId: '10ad1de0', label: 'POST api.example.com/cart' },
  { shortId: '7e57ab1e', label: 'GET api.example.com/pay' },
];

export const lists = new Map([
  ['bad', parseList('ip', ['192.0.2.0/24'])],
  ['hosts', parseList('bytes', [])],
]);
