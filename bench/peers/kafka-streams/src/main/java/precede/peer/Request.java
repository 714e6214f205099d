package precede.peer;

/** What the peer needs of a value of requests.v1, read by hand: it is spared the cost of a general Avro reader. */
record Request(boolean isRequest, long operation, long timeMs) {
  private static final int FRAME = 5; // 0, then the schema id
  private static final int ZONE = 16;
  private static final int SESSION = 16;

  static Request decode(byte[] value) {
    Cursor at = new Cursor(value, FRAME);
    boolean isRequest = at.readLong() == 0;
    at.skip(ZONE + SESSION);
    return new Request(isRequest, at.readLong(), at.readLong());
  }

  /** The zig-zag, variable-length integers of Avro. */
  private static final class Cursor {
    private final byte[] bytes;
    private int at;

    Cursor(byte[] bytes, int at) {
      this.bytes = bytes;
      this.at = at;
    }

    long readLong() {
      long coded = 0;
      for (int shift = 0; ; shift += 7) {
        byte next = bytes[at++];
        coded |= (long) (next & 0x7f) << shift;
        if (next >= 0) return (coded >>> 1) ^ -(coded & 1);
      }
    }

    void skip(int count) {
      at += count;
    }
  }
}
