/** Which sessions a rule is enforced for while it is rolled out to a share of them. */

/** FNV-1a, 32 bits: evenly spread is enough, nobody gains by choosing their place. */
const hashOf = (text: string): number => {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  // The last step of MurmurHash3: the low bits alone would follow the end of the text.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
};

/**
 * The same session is always in or always out, and stays in as the percentage grows; two rules choose different sessions.
 * Who cannot be told apart (null) is in with the last percent.
 */
export const isRolledOut = (percent: number, ruleId: string, who: string | null): boolean =>
  percent >= 100 || (percent > 0 && who !== null && hashOf(`${ruleId}/${who}`) % 10_000 < percent * 100);
