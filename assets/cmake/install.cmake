# What is installed, and what the Debian packages are made of: three components.
#
#   mdscope    the command, scenarios and lessons, man pages, completions      -> mdscope
#   gui        the window, its icon and what a desktop wants to know of it     -> mdscope-gui
#   dev        the engine for other people's tests: libraries, headers, CMake  -> libmdscope-dev
# SPDX-License-Identifier: MIT
set(package ${PROJECT_SOURCE_DIR}/assets/package)
set(pages ${PROJECT_BINARY_DIR}/pages)
set(doc ${CMAKE_INSTALL_DATADIR}/doc)

# Man pages and completions come from the programs' own option trees.
set(write_pages COMMAND ${CMAKE_COMMAND} -E rm -rf ${pages} COMMAND mdscope pages ${pages})
if(MDSCOPE_GUI)
    list(APPEND write_pages COMMAND mdscope-gui --pages ${pages}/gui)
endif()
add_custom_command(OUTPUT ${pages}/made ${write_pages}
    COMMAND sh -c "gzip -9n ${pages}/man1/*.1 && if [ -d ${pages}/gui ]; then gzip -9n ${pages}/gui/man1/*.1; fi"
    COMMAND sh -c "gzip -9nc ${PROJECT_SOURCE_DIR}/assets/changelog >${pages}/changelog.gz"
    COMMAND ${CMAKE_COMMAND} -E touch ${pages}/made
    DEPENDS ${programs} ${PROJECT_SOURCE_DIR}/assets/changelog VERBATIM)
add_custom_target(pages ALL DEPENDS ${pages}/made)

function(mdscope_documents component name)
    install(FILES ${PROJECT_SOURCE_DIR}/assets/LICENSE DESTINATION ${doc}/${name} RENAME copyright COMPONENT ${component})
    install(FILES ${pages}/changelog.gz DESTINATION ${doc}/${name} COMPONENT ${component})
endfunction()

# ---- mdscope

install(TARGETS mdscope RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT mdscope)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/assets/scenarios ${PROJECT_SOURCE_DIR}/assets/lessons
    DESTINATION ${CMAKE_INSTALL_DATADIR}/mdscope COMPONENT mdscope)
install(DIRECTORY ${pages}/man1 DESTINATION ${CMAKE_INSTALL_MANDIR} COMPONENT mdscope)
set(zsh site-functions)
if(CMAKE_INSTALL_PREFIX STREQUAL "/usr") # where Debian's zsh looks for those of packages
    set(zsh vendor-completions)
endif()
foreach(shell bash zsh fish)
    string(REPLACE "bash" bash-completion/completions folder ${shell})
    string(REPLACE "zsh" zsh/${zsh} folder ${folder})
    string(REGEX REPLACE "^fish$" fish/vendor_completions.d folder ${folder})
    install(DIRECTORY ${pages}/${shell}/ DESTINATION ${CMAKE_INSTALL_DATADIR}/${folder} COMPONENT mdscope)
    if(MDSCOPE_GUI)
        install(DIRECTORY ${pages}/gui/${shell}/ DESTINATION ${CMAKE_INSTALL_DATADIR}/${folder} COMPONENT gui)
    endif()
endforeach()
mdscope_documents(mdscope mdscope)

# ---- mdscope-gui

if(MDSCOPE_GUI)
    install(TARGETS mdscope-gui RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT gui)
    install(DIRECTORY ${pages}/gui/man1 DESTINATION ${CMAKE_INSTALL_MANDIR} COMPONENT gui)
    install(FILES ${package}/mdscope.desktop DESTINATION ${CMAKE_INSTALL_DATADIR}/applications COMPONENT gui)
    install(FILES ${package}/mdscope.svg DESTINATION ${CMAKE_INSTALL_DATADIR}/icons/hicolor/scalable/apps COMPONENT gui)
    install(FILES ${package}/io.mdscope.mdscope.metainfo.xml DESTINATION ${CMAKE_INSTALL_DATADIR}/metainfo COMPONENT gui)
    mdscope_documents(gui mdscope-gui)
endif()

# ---- libmdscope-dev

set(engine trace kernel host md mdadm scenario museum look explore story)
set(libraries ${engine})
list(TRANSFORM libraries PREPEND mdscope_)
install(TARGETS ${libraries} EXPORT mdscopeTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT dev)
install(EXPORT mdscopeTargets NAMESPACE mdscope:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/mdscope COMPONENT dev)
foreach(room IN LISTS engine)
    install(DIRECTORY ${PROJECT_SOURCE_DIR}/engine/${room} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/mdscope/engine
        COMPONENT dev FILES_MATCHING PATTERN "*.hpp")
endforeach()
foreach(file variants.inc variant_tables.hpp museum.inc)
    install(FILES ${PROJECT_BINARY_DIR}/generated/${file} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/mdscope/generated
        COMPONENT dev)
endforeach()
include(CMakePackageConfigHelpers)
configure_package_config_file(${package}/mdscopeConfig.cmake.in ${PROJECT_BINARY_DIR}/package/mdscopeConfig.cmake
    INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/mdscope)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/package/mdscopeConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/package/mdscopeConfig.cmake ${PROJECT_BINARY_DIR}/package/mdscopeConfigVersion.cmake
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/mdscope COMPONENT dev)
list(REVERSE libraries) # who needs another one stands before it
list(TRANSFORM libraries PREPEND -l)
list(JOIN libraries " " MDSCOPE_LIBS)
configure_file(${package}/mdscope.pc.in ${PROJECT_BINARY_DIR}/package/mdscope.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/package/mdscope.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT dev)
mdscope_documents(dev libmdscope-dev)

# ---- the packages: assets/make_packages

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME mdscope)
set(CPACK_PACKAGE_CONTACT "the mdscope authors <mdscope-authors@example.org>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Linux md RAID1 in user space")
set(CPACK_PACKAGING_INSTALL_PREFIX ${CMAKE_INSTALL_PREFIX})
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_COMPONENTS_ALL mdscope dev)
if(MDSCOPE_GUI)
    list(APPEND CPACK_COMPONENTS_ALL gui)
endif()
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
    WORLD_READ WORLD_EXECUTE)

set(CPACK_DEBIAN_MDSCOPE_PACKAGE_NAME mdscope)
set(CPACK_DEBIAN_MDSCOPE_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_MDSCOPE_PACKAGE_DEPENDS "fuse3")
set(CPACK_DEBIAN_MDSCOPE_PACKAGE_RECOMMENDS "e2fsprogs, fuse2fs")
set(CPACK_COMPONENT_MDSCOPE_DESCRIPTION "Linux md RAID1 in user space: a disk you mount
 A real mirrored disk on image files, mounted through FUSE, with md's own files
 beside it, and a search of every order of events for crashes and lost data.")

set(CPACK_DEBIAN_GUI_PACKAGE_NAME mdscope-gui)
set(CPACK_DEBIAN_GUI_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_GUI_PACKAGE_DEPENDS "mdscope (= ${PROJECT_VERSION}), fonts-dejavu-core, libgl1, libegl1")
set(CPACK_DEBIAN_GUI_PACKAGE_RECOMMENDS "libgl1-mesa-dri")
set(CPACK_COMPONENT_GUI_DESCRIPTION "Linux md RAID1 in user space: the window
 Two kernels driven by one schedule, step by step: lessons, a museum of bugs,
 and a look into arrays that are mounted.")

set(CPACK_DEBIAN_DEV_PACKAGE_NAME libmdscope-dev)
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS "libboost-context-dev, libfmt-dev, libmd-dev, nlohmann-json3-dev, pkgconf, zlib1g-dev")
set(CPACK_DEBIAN_DEV_PACKAGE_RECOMMENDS "mdscope (= ${PROJECT_VERSION})")
set(CPACK_COMPONENT_DEV_DESCRIPTION "Linux md RAID1 in user space: the engine as a library
 Static libraries, headers and CMake targets, for scripted arrays and searches
 in the tests of other projects.")
include(CPack)
