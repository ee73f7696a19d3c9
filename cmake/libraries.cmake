# The foreign libraries. docs/dependencies.md says why each is here.
set(Boost_NO_WARN_NEW_VERSIONS ON)
find_package(Boost 1.81 REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(fmt REQUIRED)
find_package(Threads REQUIRED)

find_library(FERRY_BOOST_JSON NAMES libboost_json.a boost_json REQUIRED)
find_library(FERRY_BOOST_CONTAINER NAMES libboost_container.a boost_container REQUIRED)
add_library(ferry_json INTERFACE)
target_include_directories(ferry_json SYSTEM INTERFACE ${Boost_INCLUDE_DIRS})
target_link_libraries(ferry_json INTERFACE ${FERRY_BOOST_JSON} ${FERRY_BOOST_CONTAINER})

# Static where there is the choice: one library less that every start of ferry has to load.
find_library(FERRY_SECCOMP NAMES libseccomp.a seccomp REQUIRED)
find_path(FERRY_SECCOMP_HEADERS NAMES seccomp.h REQUIRED)
add_library(ferry_seccomp INTERFACE)
target_include_directories(ferry_seccomp SYSTEM INTERFACE ${FERRY_SECCOMP_HEADERS})
target_link_libraries(ferry_seccomp INTERFACE ${FERRY_SECCOMP})

add_library(ferry_asio INTERFACE)
target_include_directories(ferry_asio SYSTEM INTERFACE ${Boost_INCLUDE_DIRS})
target_compile_definitions(ferry_asio INTERFACE
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION
  BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_NO_TS_EXECUTORS)
target_link_libraries(ferry_asio INTERFACE OpenSSL::SSL OpenSSL::Crypto Threads::Threads)
