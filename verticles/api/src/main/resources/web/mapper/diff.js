// What differs between two texts, line by line (E. W. Myers, An O(ND) Difference Algorithm, 1986). Pure.

/** Beyond so many changed lines the middle is told as replaced. */
const MOST_CHANGES = 1500;

/** @returns {{kind: 'same' | 'less' | 'more', text, left, right}[]} left and right: line numbers from 1, null where there is none */
export function diff(before, after) {
  const a = before.split('\n'), b = after.split('\n');
  let head = 0, tail = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  const rows = [];
  let left = 0, right = 0;
  const add = kind => {
    const text = kind === 'more' ? b[right] : a[left];
    rows.push({kind, text, left: kind === 'more' ? null : ++left, right: kind === 'less' ? null : ++right});
  };
  for (let i = 0; i < head; i++) add('same');
  for (const kind of middle(a.slice(head, a.length - tail), b.slice(head, b.length - tail))) add(kind);
  for (let i = 0; i < tail; i++) add('same');
  return rows;
}

function middle(a, b) {
  const most = Math.min(a.length + b.length, MOST_CHANGES);
  const trail = [];
  let best = new Map([[1, 0]]);
  for (let d = 0; d <= most; d++) {
    const next = new Map(best);
    trail.push(best);
    for (let k = -d; k <= d; k += 2) {
      let x = k === -d || (k !== d && (best.get(k - 1) ?? -1) < (best.get(k + 1) ?? -1)) ? best.get(k + 1) ?? 0 : (best.get(k - 1) ?? -1) + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
      next.set(k, x);
      if (x >= a.length && x - k >= b.length) return back(trail, a.length, b.length);
    }
    best = next;
  }
  return [...a.map(() => 'less'), ...b.map(() => 'more')];
}

function back(trail, x, y) {
  const kinds = [];
  for (let d = trail.length - 1; d > 0; d--) {
    const best = trail[d], k = x - y;
    const down = k === -d || (k !== d && (best.get(k - 1) ?? -1) < (best.get(k + 1) ?? -1));
    const from = down ? k + 1 : k - 1, fromX = best.get(from) ?? 0, fromY = fromX - from;
    const turnX = down ? fromX : fromX + 1;
    while (x > turnX) {
      kinds.push('same');
      x--;
      y--;
    }
    kinds.push(down ? 'more' : 'less');
    x = fromX;
    y = fromY;
  }
  while (x-- > 0) kinds.push('same');
  return kinds.reverse();
}

/** Rows with so many equal ones around each change; null stands for what is left out. */
export function folded(rows, around) {
  const kept = rows.map(() => false);
  rows.forEach((row, i) => {
    if (row.kind !== 'same') kept.fill(true, Math.max(0, i - around), i + around + 1);
  });
  const shown = [];
  rows.forEach((row, i) => {
    if (kept[i]) shown.push(row);
    else if (shown.length === 0 || shown.at(-1) !== null) shown.push(null);
  });
  return shown;
}
