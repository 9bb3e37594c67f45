# The preset `dev`: for who edits the sources.
#
#   cmake -C tests/dev.cmake -B build-dev                # in the top folder
#   cmake --build build-dev --target md_tests && build-dev/md_tests -tc='*after a stop*'
#
# No file is joined with others (MDSCOPE_UNITY): who edits one file waits for one file, and every .cpp is in
# build-dev/compile_commands.json, where editors, clangd and clang-tidy look for it. Optimised a little (-O1), since the
# searches of the tests are long without; with everything a debugger needs. ccache is used where it is installed.
#
# A CMakePresets.json would have to lie in the top folder, which holds only what a visitor needs: cmake 3.25 looks for it
# nowhere else. So the preset is a script for the cache of a new build folder, and what it sets can be set again by -D.
# SPDX-License-Identifier: MIT
set(CMAKE_GENERATOR Ninja CACHE INTERNAL "")
set(CMAKE_BUILD_TYPE Debug CACHE STRING "")
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g" CACHE STRING "")
set(CMAKE_EXPORT_COMPILE_COMMANDS ON CACHE BOOL "")
set(MDSCOPE_UNITY OFF CACHE BOOL "")
