package io.caregrid.dicom.ul;

import java.util.List;

/** The PDUs of PS3.8 section 9.3 but P-DATA-TF, which is never held as one: {@link PduFramer} hands its fragments on as they come. */
public sealed interface Pdu {
  int ASSOCIATE_RQ = 1;
  int ASSOCIATE_AC = 2;
  int ASSOCIATE_RJ = 3;
  int DATA_TF = 4;
  int RELEASE_RQ = 5;
  int RELEASE_RP = 6;
  int ABORT = 7;

  /** Of type, a reserved byte and the length. */
  int HEADER_BYTES = 6;
  /** Of a PDV's length, context ID and message control header. */
  int PDV_HEADER_BYTES = 6;

  /** The one there is (PS3.7 annex A). */
  String APPLICATION_CONTEXT = "1.2.840.10008.3.1.1.1";

  /** PS3.8 section 9.3.2 and 9.3.3: what A-ASSOCIATE-RQ and -AC have in common. */
  sealed interface Associate extends Pdu {
    Titles titles();

    String applicationContext();

    UserInformation user();
  }

  /**
   * The fixed fields an acceptor gives back as they came.
   *
   * @param version  bit 0 is version 1
   * @param called   16 characters, ISO 646, padded with spaces
   * @param calling  16 characters, ISO 646, padded with spaces
   * @param reserved 32 bytes as ISO 8859-1
   */
  record Titles(int version, String called, String calling, String reserved) {

    private static final String NOTHING = "\0".repeat(32);

    public static Titles of(String called, String calling) {
      return new Titles(1, "%-16s".formatted(called), "%-16s".formatted(calling), NOTHING);
    }

    /** Without the padding, which is not significant (PS3.5 AE). */
    public String calledAe() {
      return called.replace('\0', ' ').strip();
    }

    public String callingAe() {
      return calling.replace('\0', ' ').strip();
    }
  }

  /** @param contexts as proposed, with odd ids of 1..255, each once */
  record AssociateRq(Titles titles, String applicationContext, List<Proposed> contexts,
      UserInformation user) implements Associate {
    public AssociateRq {
      contexts = List.copyOf(contexts);
    }
  }

  /** A presentation context to be agreed upon (PS3.8 section 9.3.2.2). */
  record Proposed(int id, String abstractSyntax, List<String> transferSyntaxes) {
    public Proposed {
      transferSyntaxes = List.copyOf(transferSyntaxes);
    }
  }

  record AssociateAc(Titles titles, String applicationContext, List<Answered> contexts,
      UserInformation user) implements Associate {
    public AssociateAc {
      contexts = List.copyOf(contexts);
    }
  }

  /**
   * A presentation context as answered (PS3.8 section 9.3.3.2).
   *
   * @param result         {@link #ACCEPTED} or why not
   * @param transferSyntax means something only when accepted
   */
  record Answered(int id, int result, String transferSyntax) {

    public static final int ACCEPTED = 0;
    public static final int USER_REJECTION = 1;
    public static final int ABSTRACT_SYNTAX_NOT_SUPPORTED = 3;
    public static final int TRANSFER_SYNTAXES_NOT_SUPPORTED = 4;

    public boolean isAccepted() {
      return result == ACCEPTED;
    }
  }

  /** Why not (PS3.8 table 9-21): result 1 for good, 2 for now; source 1 user, 2 ACSE, 3 presentation; reasons are per source. */
  record AssociateRj(int result, int source, int reason) implements Pdu {

    public static final AssociateRj NO_REASON = new AssociateRj(1, 1, 1);
    public static final AssociateRj APPLICATION_CONTEXT = new AssociateRj(1, 1, 2);
    public static final AssociateRj CALLING_AE = new AssociateRj(1, 1, 3);
    public static final AssociateRj CALLED_AE = new AssociateRj(1, 1, 7);
    public static final AssociateRj PROTOCOL_VERSION = new AssociateRj(1, 2, 2);
    public static final AssociateRj CONGESTION = new AssociateRj(2, 3, 1);
    public static final AssociateRj LOCAL_LIMIT = new AssociateRj(2, 3, 2);

    public boolean isTransient() {
      return result == 2;
    }

    @Override
    public String toString() {
      return switch (source * 16 + reason) {
        case 0x12 -> "application context not supported";
        case 0x13 -> "calling AE title not recognized";
        case 0x17 -> "called AE title not recognized";
        case 0x22 -> "protocol version not supported";
        case 0x31 -> "temporary congestion";
        case 0x32 -> "local limit exceeded";
        default -> "no reason given (" + result + "/" + source + "/" + reason + ")";
      };
    }
  }

  record ReleaseRq() implements Pdu {}

  record ReleaseRp() implements Pdu {}

  /** @param source 0 service-user, 2 service-provider; the reason counts for the latter (PS3.8 table 9-26) */
  record Abort(int source, int reason) implements Pdu {
    public static final int UNRECOGNIZED_PDU = 1;
    public static final int UNEXPECTED_PDU = 2;
    public static final int INVALID_PARAMETER = 6;

    public static final Abort BY_USER = new Abort(0, 0);

    static Abort byProvider(int reason) {
      return new Abort(2, reason);
    }
  }
}
