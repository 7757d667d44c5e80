"""The version of the app, as notes and the page name it."""

from shared.release import VERSION as VERSION
