# find_package(ferry) gives the target ferry::ferry: libferry, and what it links.
include(CMakeFindDependencyMacro)
set(Boost_NO_WARN_NEW_VERSIONS ON)
find_dependency(Boost 1.81 COMPONENTS json)
find_dependency(fmt)
find_dependency(OpenSSL 3)
find_dependency(Threads)
find_dependency(ZLIB)
include(${CMAKE_CURRENT_LIST_DIR}/ferryTargets.cmake)
