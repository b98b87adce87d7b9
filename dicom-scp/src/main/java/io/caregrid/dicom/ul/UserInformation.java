package io.caregrid.dicom.ul;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/**
 * What the two sides tell each other about themselves (PS3.8 annex D, PS3.7 annex D.3.3). Items we do not know are skipped when read.
 *
 * @param maxLength             longest P-DATA-TF variable field this side takes, unsigned 32 bit; 0: no limit
 * @param implementationClass   its Implementation Class UID, null when it did not say
 * @param implementationVersion up to 16 characters, null when it did not say
 * @param window                null: one operation at a time
 * @param identity              null: nobody was named
 * @param identityAnswer        null: none; otherwise the acceptor's response
 */
public record UserInformation(long maxLength, String implementationClass, String implementationVersion, Window window,
    List<Role> roles, List<Extended> extended, List<CommonExtended> common, Identity identity, Octets identityAnswer) {

  public UserInformation {
    roles = List.copyOf(roles);
    extended = List.copyOf(extended);
    common = List.copyOf(common);
  }

  /** Asynchronous operations window (PS3.7 D.3.3.3), seen from the requestor; 0: no limit. */
  public record Window(int invoked, int performed) {}

  /** SCP/SCU role selection (PS3.7 D.3.3.4). */
  public record Role(String sopClass, boolean scu, boolean scp) {}

  /** SOP class extended negotiation (PS3.7 D.3.3.5). */
  public record Extended(String sopClass, Octets information) {}

  /** SOP class common extended negotiation (PS3.7 D.3.3.6). */
  public record CommonExtended(String sopClass, String serviceClass, List<String> relatedGeneral) {
    public CommonExtended {
      relatedGeneral = List.copyOf(relatedGeneral);
    }
  }

  /** User identity (PS3.7 D.3.3.7): 1 name, 2 name and passcode, 3 Kerberos, 4 SAML, 5 JWT. Never printed. */
  public record Identity(int type, boolean answerWanted, Octets primary, Octets secondary) {
    @Override
    public String toString() {
      return "Identity[type=" + type + "]";
    }
  }

  /** Bytes as a value. Not to be changed. */
  public record Octets(byte[] bytes) {
    @Override
    public boolean equals(Object other) {
      return other instanceof Octets octets && Arrays.equals(bytes, octets.bytes);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(bytes);
    }

    @Override
    public String toString() {
      return HexFormat.of().formatHex(bytes);
    }
  }
}
