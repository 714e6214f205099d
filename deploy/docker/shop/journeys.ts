/** What visitors of the sample shop do, one request after the other. Those who skip the cart are whom a rule is for. */

export const zone = { id: '00000000000000000000000000000000', name: 'shop' } as const;
export const host = 'shop.example.com';

export const operations = [
  { method: 'GET', endpoint: '/products' },
  { method: 'GET', endpoint: '/products/{id}' },
  { method: 'POST', endpoint: '/cart' },
  { method: 'POST', endpoint: '/checkout' },
  { method: 'GET', endpoint: '/orders/{id}' },
] as const;

export interface Journey {
  readonly name: string;
  /** Of ten visitors. */
  readonly share: number;
  readonly requests: readonly string[];
}

export const journeys: readonly Journey[] = [
  {
    name: 'buy',
    share: 6,
    requests: ['GET /products', 'GET /products/7', 'POST /cart', 'POST /checkout', 'GET /orders/1'],
  },
  { name: 'look around', share: 3, requests: ['GET /products', 'GET /products/3', 'GET /products/4'] },
  { name: 'skip the cart', share: 1, requests: ['GET /products', 'POST /checkout'] },
];

/** The same visitor with each run: the tenth skips the cart, and so on. */
export const journeyOf = (visitor: number): Journey => {
  let rest = visitor % journeys.reduce((sum, journey) => sum + journey.share, 0);
  for (const journey of journeys) {
    if (rest < journey.share) return journey;
    rest -= journey.share;
  }
  throw new Error('the shares do not add up');
};
