package io.caregrid.templates.wanted;

import java.util.List;

/** One of several places; none of them is again one of several. Told apart by identity, as all places are. */
final class Either implements Place {
  static final int MOST = 32;
  private final List<Place> places;

  Either(List<Place> places) {
    this.places = places;
  }

  List<Place> places() {
    return places;
  }

  @Override
  public Place member(String name) {
    return Place.either(places.stream().map(place -> place.member(name)).toList());
  }

  @Override
  public Place items() {
    return Place.either(places.stream().map(Place::items).toList());
  }

  @Override
  public void whole() {
    places.forEach(Place::whole);
  }
}
