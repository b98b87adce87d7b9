package io.caregrid.dicom.pixel;

/**
 * What part of the picture goes into which space (PS3.18 8.3.5.1.3). The picture keeps its proportions, so one side may come out smaller.
 *
 * @param width  most columns of the result
 * @param height most rows of the result
 * @param x      left column of the region; {@code y} its upper row
 * @param regionWidth  0: to the right edge; negative: flipped from left to right. {@code regionHeight} likewise
 */
public record Viewport(int width, int height, int x, int y, int regionWidth, int regionHeight) {

  public static final int MOST = 4096;

  public Viewport {
    if (width < 1 || height < 1 || width > MOST || height > MOST)
      throw new IllegalArgumentException("viewport width and height must be 1 to " + MOST);
    if (x < 0 || y < 0) throw new IllegalArgumentException("viewport region must start inside the picture");
  }

  public static Viewport of(int width, int height) {
    return new Viewport(width, height, 0, 0, 0, 0);
  }

  /**
   * {@code vw,vh} or {@code vw,vh,sx,sy,sw,sh}; of the last four each may be empty.
   *
   * @throws IllegalArgumentException saying what is wrong with it
   */
  public static Viewport parse(String text) {
    String[] parts = text.split(",", -1);
    if (parts.length != 2 && parts.length != 6)
      throw new IllegalArgumentException("viewport is width,height or width,height,x,y,regionWidth,regionHeight");
    int[] numbers = new int[6];
    for (int i = 0; i < parts.length; i++) numbers[i] = parts[i].isBlank() && i >= 2 ? 0 : whole(parts[i]);
    return new Viewport(numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5]);
  }

  private static int whole(String text) {
    try {
      double number = Double.parseDouble(text.strip());
      if (number != Math.rint(number) || Math.abs(number) > 1 << 20) throw new NumberFormatException();
      return (int) number;
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("viewport takes whole numbers");
    }
  }
}
