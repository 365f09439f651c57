"""An asynchronous client for PrestaShop's webservice, 1.6.1 to 9.x; knows nothing of any CRM.

Connecting: :class:`.address.ShopAddress` understands an address however it was typed, :func:`.preflight.preflight`
finds out what is wrong with it, and :func:`.messages.describe` says so in Polish and English.

Reading: a :class:`.query.Query` over one of the seven resources goes to :meth:`.client.WebserviceClient.fetch` and
comes back as a :class:`.pages.Page` of :mod:`.records`::

    async with HttpClient(policy) as http:
        client = WebserviceClient(ShopAddress.parse("sklep.pl"), key, http)
        after, last = 0, False
        while not last:
            page = await client.fetch(Query(ORDERS, (IdAbove(after),)))
            ...  # page.records, page.set_aside
            after, last = page.last_id or after, page.is_last

What the client promises:

* Questions that PrestaShop would misunderstand cannot be written (:mod:`.query`), and secrets cannot be asked for
  (:mod:`.resources`).
* The body decides what an answer is, not its headers (:mod:`.bodies`). JSON is asked for first and XML where JSON is
  broken; both are mended where that is honest (:mod:`.jsonbody`, :mod:`.xmlbody`) and give the same records
  (:mod:`.structure`). What was mended is counted in ``Page.repairs``.
* One bad row costs one row: a page that fails is halved down to it (:mod:`.isolation`).
* "No rows" is believed only once another question has confirmed it (:mod:`.reader`).
* Failures are one of three errors by who must act, from one table (:mod:`.answers`).
* The shop is asked gently: two requests in flight, pages by the measured time of its answers, ``Retry-After``
  honoured, a circuit that opens (:mod:`.exchange`, :mod:`..transport.pace`).
* What is learned about a shop (:mod:`.facts`) can be kept for the next run.
"""
