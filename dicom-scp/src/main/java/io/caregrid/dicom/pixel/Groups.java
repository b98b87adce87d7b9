package io.caregrid.dicom.pixel;

import io.caregrid.dicom.data.DataSet;
import io.caregrid.dicom.data.Tag;
import java.util.List;

/** Where attributes of a frame stand: in the data set, or in the functional groups of an enhanced image (PS3.3 C.7.6.16). */
final class Groups {
  private Groups() {}

  /** The macro of the frame, of all frames, or the data set itself, whichever there is first. */
  static DataSet of(DataSet set, int frame, int macro) {
    List<DataSet> each = set.items(Tag.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE);
    if (frame <= each.size()) {
      List<DataSet> own = each.get(frame - 1).items(macro);
      if (!own.isEmpty()) return own.get(0);
    }
    List<DataSet> shared = set.items(Tag.SHARED_FUNCTIONAL_GROUPS_SEQUENCE);
    List<DataSet> ofAll = shared.isEmpty() ? List.of() : shared.get(0).items(macro);
    return ofAll.isEmpty() ? set : ofAll.get(0);
  }
}
