//go:build tools

// The Session Manager plugin of AWS, pinned: `go build github.com/aws/session-manager-plugin/src/sessionmanagerplugin-main`.
// Its own sources as published; only github.com/twinj/uuid, whose API changed since, is replaced by ./uuid.
package tools

import _ "github.com/aws/session-manager-plugin/src/sessionmanagerplugin-main"
