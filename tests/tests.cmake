# The tests, as ctest knows them; tests/README.md says what each is.
# SPDX-License-Identifier: MIT

function(mdscope_tests name folder)
    file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.cpp)
    add_executable(${name} ${sources})
    mdscope_ours(${name})
    target_link_libraries(${name} PRIVATE doctest::doctest ${ARGN})
    # Half of a CI run is compiling tests; what they test is compiled as it is used.
    target_compile_definitions(${name} PRIVATE DOCTEST_CONFIG_SUPER_FAST_ASSERTS)
    set(optimise -O1)
    if(MDSCOPE_SANITIZE)
        set(optimise -O0)
    endif()
    target_compile_options(${name} PRIVATE ${optimise})
    mdscope_joined(${name})
    set_source_files_properties(${PROJECT_SOURCE_DIR}/${folder}/main.cpp PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
    # Told to end in time, doctest says which test case it was in; ctest would just kill it.
    add_test(NAME ${name} COMMAND timeout --foreground --kill-after=10 1780 $<TARGET_FILE:${name}>)
    set_tests_properties(${name} PROPERTIES LABELS unit TIMEOUT 1800)
endfunction()

mdscope_tests(kernel_tests tests/kernel mdscope_kernel mdscope_host)
mdscope_tests(md_tests tests/md mdscope_look)
mdscope_tests(explore_tests tests/explore mdscope_explore)
target_compile_definitions(explore_tests PRIVATE MDSCOPE_SCENARIOS="${PROJECT_SOURCE_DIR}/assets/scenarios"
    MDSCOPE_TEST_DATA="${PROJECT_SOURCE_DIR}/tests/data")
mdscope_tests(story_tests tests/story mdscope_story)
target_compile_definitions(story_tests PRIVATE MDSCOPE_SCENARIOS="${PROJECT_SOURCE_DIR}/assets/scenarios"
    MDSCOPE_TEST_DATA="${PROJECT_SOURCE_DIR}/tests/data")
if(MDSCOPE_GUI)
    mdscope_tests(gui_tests tests/gui mdscope_gui)
    target_compile_definitions(gui_tests PRIVATE MDSCOPE_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
endif()
mdscope_tests(tidy_test tests)
set_tests_properties(tidy_test PROPERTIES LABELS source) # reads files: nothing for a sanitizer to see
target_compile_definitions(tidy_test PRIVATE MDSCOPE_SOURCE_DIR="${PROJECT_SOURCE_DIR}")

# That the mutations still fit the sources; tests/mutate tries them, in twenty minutes.
add_test(NAME mutations_fit COMMAND ${PROJECT_SOURCE_DIR}/tests/mutate --list)
set_tests_properties(mutations_fit PROPERTIES LABELS source TIMEOUT 60)
# That the preset `dev` compiles what was edited and nothing else.
if(MDSCOPE_GUI)
    add_test(NAME dev_build COMMAND ${PROJECT_SOURCE_DIR}/tests/dev_build_test)
    set_tests_properties(dev_build PROPERTIES LABELS source TIMEOUT 60)
endif()

# The library as another project has it.
if(MDSCOPE_INSTALL AND NOT MDSCOPE_SANITIZE)
    add_test(NAME consumer COMMAND ${PROJECT_SOURCE_DIR}/tests/consumer/run ${PROJECT_BINARY_DIR})
    set_tests_properties(consumer PROPERTIES LABELS source TIMEOUT 900)
endif()

# Helpers of tests/real and tests/bench: one program a source file.
file(GLOB helpers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/real/*.cpp ${PROJECT_SOURCE_DIR}/tests/bench/*.cpp)
foreach(source IN LISTS helpers)
    get_filename_component(name ${source} NAME_WE)
    add_executable(${name} ${source})
    mdscope_ours(${name})
    target_link_libraries(${name} PRIVATE mdscope_explore)
endforeach()

target_link_libraries(live_probe PRIVATE mdscope_live)

# What a test of tests/real loads into the program before glibc. A sanitizer's runtime wants to be there first.
if(NOT MDSCOPE_SANITIZE)
    add_library(kill_at_call MODULE tests/real/preload/kill_at_call.cpp)
    mdscope_ours(kill_at_call)
    target_link_libraries(kill_at_call PRIVATE ${CMAKE_DL_LIBS})
endif()

# tests/fuzz/targets.hpp says what these are.
add_library(mdscope_fuzz STATIC tests/fuzz/targets.cpp tests/fuzz/store_target.cpp tests/fuzz/assemble_target.cpp)
mdscope_ours(mdscope_fuzz)
target_link_libraries(mdscope_fuzz PUBLIC mdscope_story mdscope_live mdscope_sizes)
add_executable(fuzz_corpus tests/fuzz/corpus.cpp)
mdscope_ours(fuzz_corpus)
target_link_libraries(fuzz_corpus PRIVATE mdscope_fuzz)
add_test(NAME fuzz_corpus COMMAND fuzz_corpus ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus)
set_tests_properties(fuzz_corpus PROPERTIES LABELS unit TIMEOUT 120)
add_library(mdscope_fuzzer OBJECT tests/fuzz/fuzzer.cpp) # compiled everywhere, linked where there is libFuzzer
mdscope_ours(mdscope_fuzzer)
if(MDSCOPE_FUZZ)
    add_executable(fuzz $<TARGET_OBJECTS:mdscope_fuzzer>)
    set_target_properties(fuzz PROPERTIES LINKER_LANGUAGE CXX)
    target_link_libraries(fuzz PRIVATE mdscope_fuzz -fsanitize=fuzzer)
endif()

# What ThreadSanitizer is for: everything with threads. Simulated arrays have none.
mdscope_tests(live_tests tests/gui_live mdscope_live)
foreach(name kernel_tests md_tests live_tests)
    set_tests_properties(${name} PROPERTIES LABELS "unit;threads")
endforeach()
# ... and searches that share themselves out.
add_test(NAME explore_threads COMMAND explore_tests "-tc=threads that share*")
set_tests_properties(explore_threads PROPERTIES LABELS "unit;threads" TIMEOUT 600)
add_custom_target(threaded DEPENDS kernel_tests md_tests live_tests explore_tests mdscope live_probe ack_writer)

# Each script of tests/real is a test of real mounts. Its line "# ctest: ..." holds properties that differ from these:
# a deadline of 120 s, and exit code 77 for "cannot be run here". Label `sanitize`: also worth running under sanitizers.
file(GLOB scripts CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/real/*.sh ${PROJECT_SOURCE_DIR}/tests/real/*.py)
list(FILTER scripts EXCLUDE REGEX "[/_]lib\\.(sh|py)$")
foreach(script IN LISTS scripts)
    get_filename_component(stem ${script} NAME_WE)
    add_test(NAME real.${stem} COMMAND ${script})
    set_tests_properties(real.${stem} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 120 LABELS real
        ENVIRONMENT "MDSCOPE=$<TARGET_FILE:mdscope>;HELPERS=$<TARGET_FILE_DIR:mdscope>")
    file(STRINGS ${script} properties REGEX "^# ctest: ")
    foreach(line IN LISTS properties)
        string(REGEX REPLACE "^# ctest: " "" line "${line}")
        separate_arguments(line)
        set_tests_properties(real.${stem} PROPERTIES ${line})
    endforeach()
endforeach()

# The same with all requests over io_uring, of those that ask most of a session: uring.NAME.
foreach(script kill9.sh filesystems.sh fio_verify.sh mount_lazy.py mount_low_memory.py mount_nothing_starves.py
        mount_oops.py mount_signals.py mount_stop_fio.py mount_stores.py mount_trace.py mount_tree.py)
    get_filename_component(stem ${script} NAME_WE)
    set(folder ${PROJECT_SOURCE_DIR}/tests/real)
    add_test(NAME uring.${stem} COMMAND ${folder}/over_uring ${folder}/${script})
    set_tests_properties(uring.${stem} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 240 LABELS real RESOURCE_LOCK enable_uring
        ENVIRONMENT "MDSCOPE=$<TARGET_FILE:mdscope>;HELPERS=$<TARGET_FILE_DIR:mdscope>;CYCLES=6")
endforeach()
set_tests_properties(real.mount_uring PROPERTIES RESOURCE_LOCK enable_uring)
set_tests_properties(uring.mount_nothing_starves PROPERTIES RUN_SERIAL 1)

# The short form of the referee: mdscope beside a live Linux in a virtual machine, whose processor is emulated.
add_test(NAME referee COMMAND ${PROJECT_SOURCE_DIR}/tests/referee/run)
set_tests_properties(referee PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 2400 LABELS real RUN_SERIAL 1
    ENVIRONMENT "MDSCOPE=$<TARGET_FILE:mdscope>")
