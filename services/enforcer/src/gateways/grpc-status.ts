/** Status codes of gRPC, and how our errors and its timeouts read there (grpc.github.io, "PROTOCOL-HTTP2"). */
import { ErrorCode, InputError, UnavailableError } from '@precede/contracts';

export const GrpcStatus = {
  ok: 0,
  cancelled: 1,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;
export type GrpcStatus = (typeof GrpcStatus)[keyof typeof GrpcStatus];

/** A call that ends without an answer. */
export class GrpcError extends Error {
  readonly status: GrpcStatus;

  constructor(status: GrpcStatus, message: string) {
    super(message);
    this.status = status;
  }
}

/** Null: an error that is not ours to tell; the caller logs it and answers `internal`. */
export const grpcErrorOf = (error: unknown): GrpcError | null => {
  if (error instanceof GrpcError) return error;
  if (error instanceof UnavailableError) return new GrpcError(GrpcStatus.unavailable, error.message);
  if (error instanceof InputError) return new GrpcError(statusOf(error.code), error.message);
  return null;
};

const statusOf = (code: ErrorCode): GrpcStatus => {
  switch (code) {
    case ErrorCode.unauthorized:
      return GrpcStatus.unauthenticated;
    case ErrorCode.zoneUnknown:
      return GrpcStatus.notFound;
    default:
      return GrpcStatus.invalidArgument;
  }
};

const unitMs: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };
const timeout = /^(\d{1,8})([HMSmun])$/;

/** Milliseconds of a grpc-timeout header; Infinity: none, null: not one. */
export const timeoutMsOf = (header: string | undefined): number | null => {
  if (header === undefined) return Number.POSITIVE_INFINITY;
  const found = timeout.exec(header);
  return found === null ? null : Number(found[1]) * (unitMs[found[2] ?? ''] ?? 0);
};

/** A status message as a header: UTF-8, percent-encoded but for printable ASCII. */
export const encodeMessage = (message: string): string =>
  message
    .slice(0, 1000)
    .replace(/[^\x20-\x24\x26-\x7e]+/gu, (text) => encodeURIComponent(text.toWellFormed()));
