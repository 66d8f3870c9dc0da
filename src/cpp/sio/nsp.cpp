#include "sio/nsp.hpp"

namespace sio {

void nsp::remove(socket& gone) {
    rooms_.leave_all(gone);
    sockets_.take(gone);
}

void nsp::rename(socket& which, const base::sid& sid) {
    auto taken = sockets_.take(which);
    taken->sid = sid;
    sockets_.add(std::move(taken));
}

} // namespace sio
