package io.caregrid.platform.demo;

import java.util.ArrayList;
import java.util.List;

/**
 * A belly made of ellipsoids, as Shepp and Logan made a head: what a CT of nobody shows two days after a piece of bowel was taken out, a ring of staples
 * at the new joint, fluid with an enhancing rim beside it and a little air where none belongs. Invented like everything in the demo; nothing to learn
 * medicine from.
 *
 * <p>Values are Hounsfield units. What comes later in the list covers what was there.
 */
final class Phantom {
  static final int AIR = -1000;
  /** Half of what is made of the body along z, mm. */
  static final double HALF_HEIGHT = 120;

  private static final int FAT = -102;
  private static final int MUSCLE = 60;
  private static final int BONE = 430;
  private static final int MARROW = 190;
  private static final double LONG = Ellipsoid.ENDLESS;
  private static final int[] SIDES = {-1, 1};
  private static final long LOOPS = 7;

  private final List<Ellipsoid> parts = new ArrayList<>();

  Phantom() {
    table();
    trunk();
    ribs();
    hips();
    spine();
    chest();
    liver();
    organs();
    kidneys();
    vessels();
    bowel();
    colon();
    findings();
  }

  /** What lies at this height, without noise. */
  Slice slice(double height, int size, double spacing) {
    Slice slice = new Slice(size, spacing, AIR);
    for (Ellipsoid part : parts) part.paint(slice, height);
    return slice;
  }

  private void table() {
    ball(0, 150, 0, 220, 16, LONG, -560);
    ball(0, 145, 0, 215, 14, LONG, AIR);
  }

  /** Wider above and below than at the waist. */
  private void trunk() {
    for (int end : SIDES) ball(0, 2, end * 210, 176, 122, 560, FAT);
    for (int end : SIDES) ball(0, 0, end * 210, 156, 105, 560, MUSCLE);
    for (int end : SIDES) ball(0, -8, end * 210, 143, 90, 560, FAT);
    for (int side : SIDES) add(new Ellipsoid(side * 26, -97, 0, 27, 5, LONG, MUSCLE).turned(side * 7));
  }

  private void ribs() {
    for (int rib = 0; rib < 26; rib++) {
      double angle = Math.toRadians(rib * 360 / 26.0 + 7);
      double x = 146 * Math.cos(angle);
      double y = 2 + 97 * Math.sin(angle);
      double z = 86 + 30 * Math.sin(angle) + rib % 2 * 18;
      double along = Math.toDegrees(Math.atan2(97 * Math.cos(angle), -146 * Math.sin(angle)));
      add(new Ellipsoid(x, y, z, 15, 5, 9, BONE - 60).turned(along).within(48, LONG));
      add(new Ellipsoid(x, y, z, 12, 3, 7, MARROW).turned(along).within(48, LONG));
    }
  }

  private void hips() {
    for (int side : SIDES) {
      add(new Ellipsoid(side * 92, 46, -112, 11, 58, 74, BONE).turned(side * 34).within(-LONG, -46));
      add(new Ellipsoid(side * 92, 46, -112, 7.5, 54, 70, MARROW - 70).turned(side * 34).within(-LONG, -50));
      add(new Ellipsoid(side * 74, 40, -112, 12, 44, 56, MUSCLE).turned(side * 34));
      add(new Ellipsoid(side * 104, 68, -120, 16, 46, 50, MUSCLE).turned(side * 34));
    }
  }

  private void spine() {
    for (int side : SIDES) {
      ball(side * 40, 58, -20, 19, 22, 190, MUSCLE + 4);
      ball(side * 25, 92, 0, 20, 15, LONG, MUSCLE);
      ball(side * 55, 86, 0, 21, 13, LONG, MUSCLE - 4);
    }
    ball(0, 58, 0, 24, 19, LONG, 92);
    for (int number = -4; number <= 4; number++) vertebra(number * 34);
    ball(0, 84, 0, 12, 10.5, LONG, BONE - 80);
    ball(0, 83, 0, 8.5, 7.5, LONG, 32);
  }

  private void vertebra(double z) {
    add(new Ellipsoid(0, 58, z, 25, 20, LONG, BONE).within(z - 14, z + 14));
    add(new Ellipsoid(0, 58, z, 22.5, 17.5, LONG, MARROW).within(z - 12, z + 12));
    add(new Ellipsoid(0, 98, z - 6, 3.5, 15, 11, BONE).within(z - 16, z + 6));
    for (int side : SIDES) {
      add(new Ellipsoid(side * 34, 80, z + 4, 20, 3.5, 5, BONE - 120).turned(side * 10));
      ball(side * 17, 86, z - 12, 6, 7, 13, BONE - 60);
    }
  }

  /** The lowest tips of the lungs, and of the heart. */
  private void chest() {
    for (int side : SIDES) ball(side * 78, 18, 168, 66, 78, 84, MUSCLE - 10);
    for (int side : SIDES) ball(side * 78, 18, 168, 63, 75, 82, -835);
    for (int vessel = 0; vessel < 60; vessel++) {
      double x = (vessel % 2 == 0 ? 96 : -96) + 26 * spread(3, vessel);
      ball(x, 32 + 44 * spread(4, vessel), 112 + 14 * spread(5, vessel), 1.7, 1.7, 9, -60);
    }
    ball(14, -34, 140, 56, 44, 40, -60);
    ball(14, -34, 142, 51, 40, 37, 120);
  }

  private void liver() {
    ball(-64, -6, 78, 76, 72, 60, 112);
    ball(-14, -38, 88, 66, 36, 34, 112);
    ball(-62, 8, 30, 52, 46, 42, 112);
    double[][] branches = {{-38, -18, 20, 3.5, 25}, {-62, -26, 24, 3, -8}, {-84, -20, 22, 2.6, -24},
      {-60, 2, 22, 3.4, 40}, {-84, 22, 22, 2.6, 62}, {-100, 0, 18, 2.2, 12}, {-24, -40, 24, 2.6, 48},
      {-70, 30, 18, 2.4, 85}};
    for (double[] branch : branches)
      add(new Ellipsoid(branch[0], branch[1], 84, branch[2], branch[3], 8, 166).turned(branch[4]));
    for (int vessel = 0; vessel < 26; vessel++)
      ball(-70 + 56 * spread(8, vessel), 46 * spread(9, vessel), 76 + 40 * spread(10, vessel), 2.2, 2.2, 6, 158);
    ball(-44, -50, 46, 16, 20, 24, 60);
    ball(-44, -50, 46, 14, 18, 22, 9);
  }

  private void organs() {
    add(new Ellipsoid(102, 30, 86, 27, 44, 44, 124).turned(-14));
    ball(56, -28, 94, 44, 36, 34, 82);
    ball(56, -29, 94, 39, 31, 30, 24);
    add(new Ellipsoid(54, -44, 96, 31, 15, 22, -960).within(-LONG, LONG));
    ball(24, -2, 56, 40, 9, 9, 92);
    ball(-14, -8, 46, 17, 13, 20, 92);
    ball(66, 8, 64, 22, 8, 8, 92);
    for (int side : SIDES) add(new Ellipsoid(side * 46, 34, 78, 12, 2.6, 9, 70).turned(side * 40));
    ball(0, -26, -126, 46, 34, 26, 62);
    ball(0, -26, -126, 43, 31, 23, 7);
  }

  private void kidneys() {
    for (int side : SIDES) {
      double z = side < 0 ? 12 : 22;
      add(new Ellipsoid(side * 70, 42, z, 29, 24, 52, 200).turned(side * 28));
      for (int pyramid = -4; pyramid <= 4; pyramid++)
        add(new Ellipsoid(side * (71 + pyramid % 2 * 6), 42 + pyramid % 3 * 5, z + pyramid * 9, 10, 8, 7, 150)
            .turned(side * 28));
      add(new Ellipsoid(side * 60, 38, z, 16, 8, 26, FAT + 10).turned(side * 28));
      ball(side * 54, 37, z, 11, 7, 14, 14);
      for (int step = 0; step < 22; step++)
        ball(side * (48 - 0.9 * step), 38 - 0.2 * step, z - 8 - 6 * step, 2.8, 2.8, 6, 22);
    }
  }

  private void vessels() {
    ball(8, 30, 0, 10.5, 10.5, LONG, FAT);
    add(new Ellipsoid(8, 30, 0, 9.5, 9.5, LONG, 188).within(-40, LONG));
    add(new Ellipsoid(-18, 31, 0, 12, 10, LONG, 156).within(-46, LONG));
    for (int step = 0; step < 18; step++) {
      double down = step * 5;
      for (int side : SIDES) {
        ball(4 + side * (6 + 0.5 * down), 30 + 0.06 * down, -40 - down, 6, 6, 6, 186);
        ball(-8 + side * (8 + 0.48 * down), 36 + 0.07 * down, -46 - down, 6.8, 6.8, 6, 152);
      }
    }
    add(new Ellipsoid(-4, 2, 60, 7.5, 6.5, LONG, 170).within(22, 92));
    ball(8, 4, 34, 4, 24, 5, 188);
    ball(6, -14, 0, 4, 4, 44, 184);
    ball(-6, -14, 0, 5, 5, 44, 164);
    for (int side : SIDES) add(new Ellipsoid(side * 34, 33, 20, 24, 3.4, 4, side < 0 ? 180 : 158).turned(side * 14));
    for (int branch = 0; branch < 90; branch++)
      add(new Ellipsoid(4 + 62 * spread(20, branch), -16 + 34 * spread(21, branch), -40 + 66 * spread(22, branch),
          9, 1.3, 2.2, 128).turned(180 * spread(23, branch)));
  }

  /** Loops of the small bowel, whose places are drawn by hashing: wall, content, and gas that lies in front. */
  private void bowel() {
    for (int loop = 0; loop < 96; loop++) {
      double x = 4 + 84 * spread(30, loop);
      double y = -32 + 38 * spread(31, loop);
      double z = -38 + 80 * spread(32, loop);
      if (z > 4 && x < 30) x = 62 + 0.4 * x;
      if (Math.hypot(x - 4, y + 6) < 22) y -= 30;
      double turn = 180 * spread(33, loop);
      double length = 21 + 8 * spread(34, loop);
      add(new Ellipsoid(x, y, z, length, 12.5, 13, 96).turned(turn));
      add(new Ellipsoid(x, y, z, length - 2.4, 10.2, 10.6, 26 + 18 * spread(35, loop)).turned(turn));
      if (loop % 5 == 0) ball(x, y - 4.5, z, 7, 4, 7, -880);
    }
  }

  private void colon() {
    List<double[]> right = new ArrayList<>();
    List<double[]> left = new ArrayList<>();
    List<double[]> across = new ArrayList<>();
    for (int step = 0; step <= 8; step++) {
      right.add(new double[] {-108 + 3 * (step % 2), 12, -92 + 15 * step, 20 + step % 2 * 3});
      left.add(new double[] {112 - step % 2, 26, -66 + 15 * step, 12 + step % 2 * 2});
    }
    for (int step = -7; step <= 7; step++)
      across.add(new double[] {step * 14.5, -72 + 0.55 * step * step, 36 + 0.35 * step * step, 14 + (step & 1) * 2.5});
    tube(right, 48);
    tube(left, 40);
    tube(across, -760);
    for (double[] at : right) ball(at[0] + 2, at[1] - 9, at[2], at[3] - 8, 5, 9, -870);
    for (double[] at : right) ball(at[0], at[1] + 5, at[2], 5, 4, 5, -40);
  }

  /** @param points x, y, z and radius each */
  private void tube(List<double[]> points, int content) {
    for (double[] at : points) ball(at[0], at[1], at[2], at[3], at[3], at[3], 72);
    for (double[] at : points) ball(at[0], at[1], at[2], at[3] - 2.5, at[3] - 2.5, at[3] - 2.5, content);
  }

  private void findings() {
    ball(66, 4, -74, 40, 32, 36, FAT + 55);
    ball(66, 2, -74, 33, 25, 30, 96);
    ball(66, 2, -74, 29.5, 21.5, 26.5, 16);
    ball(64, -13, -72, 17, 5.5, 12, -930);
    ball(70, -2, -80, 2.4, 2, 3, -700);
    ball(76, 4, -76, 2, 2, 3, -600);
    ball(28, 18, -84, 17, 15, 17, 88);
    ball(28, 18, -84, 13, 11, 16, 10);
    for (int staple = 0; staple < 16; staple++) {
      double angle = Math.toRadians(staple * 22.5);
      ball(28 + 15 * Math.cos(angle), 18 + 13 * Math.sin(angle), -84, 1.5, 1.5, 3, 2400);
    }
    ball(-6, -88, 62, 44, 5, 30, -985);
    ball(0, 12, -112, 44, 22, 16, 12);
  }

  private void ball(double x, double y, double z, double rx, double ry, double rz, double value) {
    add(new Ellipsoid(x, y, z, rx, ry, rz, value));
  }

  private void add(Ellipsoid part) {
    parts.add(part);
  }

  /** -1..1, the same for the same numbers. */
  private static double spread(long what, long number) {
    return 2 * Noise.chance(LOOPS + what, number) - 1;
  }
}
