package io.caregrid.store;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/**
 * What resources are labelled with, each label once (FHIR R4 resource.html#Meta).
 *
 * @param profiles canonical URLs they say they conform to, by name
 * @param security Codings, by system and code; each as one of the resources has it
 * @param tags     the same
 * @param notes    what keeps this from being all of them, a sentence each
 */
public record Labels(List<String> profiles, List<ObjectNode> security, List<ObjectNode> tags, List<String> notes) {
  public Labels {
    profiles = List.copyOf(profiles);
    security = List.copyOf(security);
    tags = List.copyOf(tags);
    notes = List.copyOf(notes);
  }
}
