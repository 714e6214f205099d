/** Tells how a call ended, and after how long. */
export const timed = async <T>(
  told: (outcome: 'ok' | 'failed', seconds: number) => void,
  ask: () => Promise<T>,
): Promise<T> => {
  const startedMs = performance.now();
  const tell = (outcome: 'ok' | 'failed'): void => told(outcome, (performance.now() - startedMs) / 1000);
  try {
    const answer = await ask();
    tell('ok');
    return answer;
  } catch (error) {
    tell('failed');
    throw error;
  }
};
