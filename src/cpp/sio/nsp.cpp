#include "sio/nsp.hpp"

namespace sio {

void nsp::remove(socket& gone) {
    rooms_.leave_all(gone);
    sockets_.take(gone);
}

} // namespace sio
