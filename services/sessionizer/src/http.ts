/** The sessionizer answers /livez, /readyz and /metrics alone. */
import { buildHttp, type HttpOptions } from '@precede/service';

export const buildServer = (deps: HttpOptions) => buildHttp(deps);
