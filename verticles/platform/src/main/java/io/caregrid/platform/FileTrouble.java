package io.caregrid.platform;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;

/** Why a file could not be read or written, in words: the library's own are the name of a class and the path once more. */
public final class FileTrouble {
  private FileTrouble() {}

  /** What stands behind "file F cannot be read: ". */
  public static String why(IOException failed) {
    if (failed instanceof NoSuchFileException) return "it does not exist";
    if (failed instanceof NotDirectoryException) return "it is no folder";
    if (failed instanceof AccessDeniedException) return "user " + System.getProperty("user.name") + " may not";
    if (failed instanceof CharacterCodingException) return "it is not UTF-8";
    if (failed instanceof FileSystemException told && told.getReason() != null) return told.getReason();
    return failed.getMessage() == null ? failed.getClass().getSimpleName() : failed.getMessage();
  }
}
