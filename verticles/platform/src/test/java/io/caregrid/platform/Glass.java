package io.caregrid.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.microsoft.playwright.Page;
import java.util.List;

/** What the viewer's glass shows: its pixels, and the words around them. */
final class Glass {
  private Glass() {}

  /** PS3.3 section C.11.2.1.2.1. */
  static int grey(double value, double center, double width) {
    if (value <= center - 0.5 - (width - 1) / 2) return 0;
    if (value > center - 0.5 + (width - 1) / 2) return 255;
    return (int) Math.round(((value - (center - 0.5)) / (width - 1) + 0.5) * 255);
  }

  /** The canvas' middle, where a square image lies at one to one. */
  static int[] drawn(Page page, int side) {
    List<?> values = (List<?>) page.evaluate("""
        side => { const c = document.getElementById('canvas');
          const x = Math.round((c.clientWidth - side) / 2), y = Math.round((c.clientHeight - side) / 2);
          return [...c.getContext('2d').getImageData(x, y, side, side).data].filter((v, i) => i % 4 === 1); }""", side);
    return values.stream().mapToInt(value -> ((Number) value).intValue()).toArray();
  }

  /** Words of the four corners, the edges and the ruler: each stands alone. */
  static void assertNothingOverlaps(Page page) {
    assertEquals(List.of(), page.evaluate("""
        () => { const boxes = [...document.querySelectorAll('.corner > div, .edge, #scale-text')].filter(one => one.textContent.trim())
            .map(one => { const range = document.createRange(); range.selectNodeContents(one); return [one.textContent, range.getBoundingClientRect()]; });
          return boxes.flatMap(([text, a], i) => boxes.slice(i + 1)
            .filter(([, b]) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 4)
            .map(([other]) => `${text} / ${other}`)); }"""));
  }
}
