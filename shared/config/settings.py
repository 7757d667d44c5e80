"""The settings as typed values. settings_file.py reads them; see docs/configuration.md."""

from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from typing import Literal

from shared import urls
from shared.frozen import dataclass
from shared.vendors import VENDORS, Profile

StoreKind = Literal["firestore", "sqlite"]
# The encoding of client id and secret in Basic credentials: form-encoded (RFC 6749 2.3.1) or raw.
BasicCredentials = Literal["form", "raw"]
# The default launch path, which every standalone launch has.
LAUNCH_PATH = "/launch"


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """The store: `firestore` (project, database) or `sqlite` (path)."""

    kind: StoreKind
    project: str | None
    database: str
    path: str


@dataclass(frozen=True, slots=True)
class AppSettings:
    """The app that a launch opens. Each setting can be at the top level, or in an entry for itself.

    `calculators_off` and `cards` have names as written, which clinical/site_choice.py checks.
    `cards` is None if the site uses the default.
    """

    after_launch: str = "/smart_calc/{session}/"
    calculators_off: tuple[str, ...] = ()
    cards: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class LocalCode:
    """A hospital's own code for a measured input of the calculators.

    `unit` is the unit of its values if the laboratory sends none, or empty.
    """

    system: str
    code: str
    input: str
    unit: str


@dataclass(frozen=True, slots=True)
class Ehr:
    """One registration at one EHR. `iss` has normalized FHIR bases, which may end in `/*`.

    `issuers` is the place of a file with more bases, such as `issuers/epic.txt`, or None. With
    `chooser`, a standalone launch lets the user choose among them. The launches of several apps at
    one EHR differ in `launch_path`. `system_scopes` are for a backend service, which has its own
    client and key if the EHR registers it separately.
    Code that has the list of inputs checks those in `codes`.
    """

    key: str
    name: str
    vendor: str
    iss: tuple[str, ...]
    client_id: str
    client_auth: str
    client_secret: str | None
    private_key: str | None
    key_id: str | None
    scopes: tuple[str, ...]
    standalone: bool
    redirect_path: str
    endpoint_hosts: frozenset[str]
    id_token_issuer: str | None
    ca_file: str | None
    response_iss: bool = False
    basic_credentials: BasicCredentials | None = None
    issuers: str | None = None
    chooser: bool = False
    launch_path: str = LAUNCH_PATH
    app: AppSettings = field(default_factory=AppSettings)
    system_scopes: tuple[str, ...] = ()
    backend_client_id: str | None = None
    backend_private_key: str | None = None
    backend_key_id: str | None = None
    codes: tuple[LocalCode, ...] = ()

    @property
    def backend(self) -> "Ehr | None":
        """The registration as a backend service (SMART App Launch 2.2), or None if it isn't one.

        Its `scopes` are the system scopes, and its client and key those of the backend service.
        """
        if not self.system_scopes:
            return None
        return replace(
            self,
            client_id=self.backend_client_id or self.client_id,
            client_auth="private_key_jwt",
            client_secret=None,
            private_key=self.backend_private_key or self.private_key,
            key_id=self.backend_key_id or self.key_id,
            scopes=self.system_scopes,
            response_iss=False,
            basic_credentials=None,
        )

    @property
    def is_backend(self) -> bool:
        """Whether these are the settings of a backend service (`backend`)."""
        return bool(self.system_scopes) and self.scopes == self.system_scopes

    @property
    def basic_form(self) -> BasicCredentials:
        """The form of Basic credentials: the setting, or otherwise the vendor's form."""
        return self.basic_credentials or ("raw" if self.profile.raw_basic else "form")

    @property
    def profile(self) -> Profile:
        """The profile of its vendor."""
        return VENDORS[self.vendor]

    @property
    def client_id_headers(self) -> dict[str, str]:
        """The client id header for requests without a token, if the vendor requires one."""
        name = self.profile.client_id_header
        return {name: self.client_id} if name else {}

    @property
    def literal_iss(self) -> tuple[str, ...]:
        """The FHIR bases in `iss`: the entries without `/*`. A standalone launch uses the first."""
        return tuple(entry for entry in self.iss if not entry.endswith("/*"))

    def standalone_launch(self, base: str) -> str:
        """Return path and query of a standalone launch at one of its FHIR bases."""
        launch = f"{LAUNCH_PATH}?ehr={self.key}"
        return f"{launch}&iss={urls.encode(base)}" if self.chooser else launch

    def can_be_confused_with(self, other: "Ehr") -> bool:
        """Return whether one EHR's authorization response could be accepted as the other's (RFC
        9700 4.4), because they share a redirect URI, don't both send `iss`, and aren't the same
        EHR.
        """
        shares = self is not other and self.redirect_path == other.redirect_path
        both_named = self.response_iss and other.response_iss
        same = set(self.iss) == set(other.iss) and self.issuers == other.issuers
        return shares and not both_named and not same


@dataclass(frozen=True, slots=True)
class CdsClient:
    """One EHR as a client of cds_services, recognized by its tokens (CDS Hooks 2.0, Security).

    `ehr` is the key of its registration. Its public keys come either from the URL `jku` or from the
    file that `keys` refers to. Exactly one of the two is set.
    """

    key: str
    ehr: str
    iss: str
    jku: str | None
    keys: str | None
    tenant: str | None
    cors_origins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Settings:
    """The entire configuration. Durations are in seconds. `public_url` has no trailing slash.

    `app` has the top level's settings. Only an entry's own count, which include those that it
    doesn't replace. `responsible` is the person or team that is responsible for the app at this
    site, or empty. `issuers` has the FHIR bases of each file that an `Ehr.issuers` names, in the
    functions that need them (shared/config/issuers.py).
    """

    public_url: str
    app: AppSettings
    frame_ancestors: tuple[str, ...]
    launch_seconds: float
    session_idle_seconds: float
    session_max_seconds: float
    session_cache_seconds: float
    full_error_details: bool
    sealing_keys: tuple[str, ...]
    public_jwks: str | None
    store: StoreSettings
    ehrs: tuple[Ehr, ...]
    cds_clients: tuple[CdsClient, ...] = ()
    responsible: str = ""
    issuers: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def ehr_for(self, iss: str, among: Iterable[Ehr]) -> tuple[Ehr, str] | None:
        """Return the registration and normalized FHIR base for a received `iss`, or None."""
        base, ehrs = urls.base_of(iss), tuple(among)
        for entry in (base, f"{base.rpartition('/')[0]}/*") if base else ():
            for ehr in ehrs:
                if entry in ehr.iss or entry in self.issuers.get(ehr.issuers or "", ()):
                    return ehr, base
        return None

    def base_at(self, ehr: Ehr, iss: str) -> str | None:
        """Return the normalized FHIR base for an `iss` if it's one of this registration."""
        match = self.ehr_for(iss, (ehr,))
        return None if match is None else match[1]

    def any_base(self, ehr: Ehr) -> str | None:
        """Return one FHIR base of a registration, or None if none is known."""
        known = (*ehr.iss, *sorted(self.issuers.get(ehr.issuers or "", ()))[:1])
        return known[0] if known else None

    def ehr_by_key(self, key: str) -> Ehr | None:
        """Return the registration with this key, or None."""
        return next((ehr for ehr in self.ehrs if ehr.key == key), None)
