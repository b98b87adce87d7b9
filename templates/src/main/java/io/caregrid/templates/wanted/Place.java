package io.caregrid.templates.wanted;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Where an expression may find itself in a message, not yet knowing the message: a language follows its expression from place to place and says at each what it
 * looks at. That a value is there, what it is, and how many items an array has whose items are looked at, can be told at every place; anything else only of
 * members asked for and of what is {@link #whole}.
 */
public interface Place {
  /** What is made by an expression, and holds nothing of the message that was not asked for whole. */
  Place NOWHERE = new Place() {
    @Override
    public Place member(String name) {
      return this;
    }

    @Override
    public Place items() {
      return this;
    }

    @Override
    public void whole() {
      // Nothing of the message is here.
    }
  };

  /** The member of that name, when an object is here. */
  Place member(String name);

  /** Each of the items, when an array is here. */
  Place items();

  /** Everything that is here is looked at. */
  void whole();

  /** One of these. */
  static Place either(Place... places) {
    return either(Arrays.asList(places));
  }

  /** The same; when they are many, all of them are looked at as a whole. */
  static Place either(List<Place> places) {
    List<Place> all = new ArrayList<>();
    for (Place place : places) {
      for (Place one : place instanceof Either either ? either.places() : List.of(place)) {
        if (one != NOWHERE && !all.contains(one)) all.add(one);
      }
      if (all.size() > Either.MOST) {
        places.forEach(Place::whole);
        return NOWHERE;
      }
    }
    return all.isEmpty() ? NOWHERE : all.size() == 1 ? all.get(0) : new Either(all);
  }

  /** An array that an expression makes, whose items are at {@code items}. */
  static Place arrayOf(Place items) {
    return items == NOWHERE ? NOWHERE : new Made(items);
  }

  /** The members of {@code message}, but that {@code name} is another. */
  static Place with(Place message, String name, Place other) {
    return new With(message, name, other);
  }
}
