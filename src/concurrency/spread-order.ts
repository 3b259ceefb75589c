/**
 * Orders 0 to n - 1 so that every stretch of the order is spread evenly over all of them: by the radical inverse in base 2
 * (van der Corput's sequence). Applied to rows sorted by length it makes each stretch a stratified sample.
 */
export function spreadOrder(n: number): readonly number[] {
  const bits = Math.max(1, Math.ceil(Math.log2(Math.max(2, n))));
  return Array.from({ length: 2 ** bits }, (_, place) => reverse(place, bits)).filter((value) => value < n);
}

function reverse(value: number, bits: number): number {
  let reversed = 0;
  for (let bit = 0; bit < bits; bit += 1) reversed = reversed * 2 + ((value >> bit) & 1);
  return reversed;
}
