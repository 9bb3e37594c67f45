// SPDX-License-Identifier: MIT

#include "engine/museum/exhibit.hpp"

#include <doctest/doctest.h>

#include "engine/story/lesson/lesson.hpp"

using namespace mdscope;

TEST_CASE("an exhibit's lesson is one that can be loaded") {
    for (const Exhibit* exhibit : exhibits())
        if (exhibit->lesson != 0) CHECK(load_lesson(exhibit->lesson));
}
