"""From the configuration to what the ledger keeps of each collectivité."""

from __future__ import annotations

from supervisor.config.configuration import Collectivite, Configuration
from supervisor.config.contracts import Contract
from supervisor.domain.account import Account, Codes, Engagement


def accounts_of(configuration: Configuration) -> dict[str, Account]:
    """Every collectivité, as billing sees it."""
    return {name: _account(each, configuration) for name, each in configuration.collectivites.items()}


def _account(collectivite: Collectivite, configuration: Configuration) -> Account:
    return Account(
        collectivite=collectivite.id,
        name=collectivite.name,
        operator=collectivite.operator,
        siret=collectivite.siret,
        population=collectivite.population,
        chorus={
            year: Codes(service=codes.service, engagement=codes.engagement)
            for year, codes in collectivite.chorus.items()
        },
        engagements=tuple(_engagement(contract) for contract in collectivite.contracts),
        organisation=configuration.organisation,
        convention=configuration.profile.source,
        basis=configuration.billing_basis,
        profile=configuration.profile.name,
        zone=configuration.timezone,
    )


def _engagement(contract: Contract) -> Engagement:
    return Engagement(
        start=contract.start,
        end=contract.end,
        notice=contract.notice,
        sondes=tuple((each.start, each.count) for each in contract.sondes),
        offer=contract.offer,
        options=tuple(contract.options),
        units=dict(contract.units),
        audit=contract.audit,
    )
