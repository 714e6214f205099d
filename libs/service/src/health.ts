/** Readiness as a map of named conditions; draining turns it false first on shutdown. */

export interface Condition {
  readonly ok: boolean;
  /** For a person: what is awaited or wrong. */
  readonly detail: string;
}

export interface Health {
  /** `isRequired: false` shows the condition without making the process unready. */
  set(name: string, ok: boolean, detail?: string, isRequired?: boolean): void;
  isReady(): boolean;
  conditions(): Readonly<Record<string, Condition>>;
  /** From now on not ready: load balancers turn away before the server closes. */
  drain(): void;
  isDraining(): boolean;
}

export const createHealth = (): Health => {
  const conditions = new Map<string, Condition & { isRequired: boolean }>();
  let isDraining = false;
  return {
    set: (name, ok, detail = ok ? 'ok' : 'not yet', isRequired = true) => {
      conditions.set(name, { ok, detail, isRequired });
    },
    isReady: () => !isDraining && [...conditions.values()].every((each) => each.ok || !each.isRequired),
    conditions: () => {
      const shown = [...conditions].map(([name, { ok, detail }]) => [name, { ok, detail }] as const);
      return Object.fromEntries(
        isDraining ? [...shown, ['draining', { ok: false, detail: 'shutting down' }]] : shown,
      );
    },
    drain: () => {
      isDraining = true;
    },
    isDraining: () => isDraining,
  };
};
