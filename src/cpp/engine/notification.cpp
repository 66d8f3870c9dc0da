#include "engine/notification.hpp"

namespace engine {

notification::notification(const notification& other) = default;
notification::notification(notification&& other) noexcept = default;
notification& notification::operator=(notification&& other) noexcept = default;
notification::~notification() = default;

} // namespace engine
