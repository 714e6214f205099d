/** The sample API of docker-compose.yml: a shop that believes everybody. It stands behind Envoy and asks for nothing. */
import { createServer, type ServerResponse } from 'node:http';

const answer = (response: ServerResponse, status: number, body: object): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
};

const product = (id: number): object => ({ id, name: `product ${id}`, price: 10 + id });

const server = createServer((request, response) => {
  request.resume();
  const { pathname } = new URL(request.url ?? '/', 'http://shop');
  const [, room, id] = pathname.split('/');
  switch (`${request.method} /${room}${id === undefined ? '' : '/id'}`) {
    case 'GET /healthz':
      return answer(response, 200, { status: 'ok' });
    case 'GET /products':
      return answer(response, 200, { products: [1, 2, 3].map(product) });
    case 'GET /products/id':
      return answer(response, 200, product(Number(id)));
    case 'POST /cart':
      return answer(response, 201, { items: 1 });
    case 'POST /checkout':
      return answer(response, 201, { order: 1 });
    case 'GET /orders/id':
      return answer(response, 200, { order: Number(id), state: 'paid' });
    default:
      return answer(response, 404, { error: 'no such thing in this shop' });
  }
});
server.listen(8080, '0.0.0.0');
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => server.close());
