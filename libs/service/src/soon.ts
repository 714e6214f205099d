/** A value that is there at once where nothing has to be waited for. */
export type Soon<T> = T | Promise<T>;

/** Goes on at once where there is nothing to wait for. */
export const andThen = <A, B>(value: Soon<A>, next: (value: A) => Soon<B>): Soon<B> =>
  value instanceof Promise ? value.then(next) : next(value);
